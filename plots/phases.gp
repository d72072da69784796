# Phases of runs stacked against workers: a panel for each series.
#
# Variables, set by `skyscale plot`:
#   terminal, style, grid          see style.gp and grid.gp
#   phases                         CSV file, columns by name
#   n_panels, panel_title_P
#   n_positions_P, tics_P          bars of the panel, and what is written below them
#   highest_s_P                    what the axis has to hold
#   unit, unit_s                   of the time axis
#   interval_percent               of the totals' error bars; 0 for none
#   is_crowded                     whether any bar has more workers than places

array phase = ['startup_s', 'prepare_s', 'parallel_s', 'finish_s']
n_entries = 4
label_1 = 'start-up'
label_2 = 'prepare'
label_3 = 'parallel'
label_4 = 'finish'
remark = 'bars: medians of the phases;  mark: median of the total'
if (interval_percent > 0) { remark = remark . sprintf(' with its %g %% interval', interval_percent) }
if (is_crowded) { remark = remark . ';  *: more workers than places' }
y_title = sprintf('time of a run (%s)', unit)
load grid

# Dark and light in turns, so that neighbours differ in print as well.
array phase_colour = [colour_of(2), colour_of(6), colour_of(1), colour_of(5)]
pick(p, name) = column('panel') == p ? column(name) : NaN
# A phase that is not known takes no room.
height(k) = is_number(column(phase[k])) ? column(phase[k]) / unit_s : 0
below(k) = k == 1 ? 0 : height(1) + (k > 2 ? height(2) : 0) + (k > 3 ? height(3) : 0)

set multiplot
do for [p = 1:n_panels] {
    eval bare_axes
    set border 3 linecolor '#404040'
    set ytics nomirror textcolor '#202020'
    set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
    eval place_panel(p)
    eval sprintf("set title font '%s'", font_of(11))
    set xlabel 'workers N' offset 0, xlabel_shift
    eval place_ylabel
    set xrange [0.4:value(sprintf('n_positions_%d', p)) + 0.6]
    set yrange [0:value(sprintf('highest_s_%d', p)) / unit_s * 1.1]
    eval sprintf('set xtics scale 0 (%s)', value(sprintf('tics_%d', p)))
    plot for [k = 1:4] phases using (pick(p, 'position')):(below(k)):(pick(p, 'position') - 0.35):(pick(p, 'position') + 0.35):(below(k)):(below(k) + height(k)) \
            with boxxyerror fillcolor rgb phase_colour[k] fillstyle solid 1 border rgb '#ffffff' linewidth 0.5, \
        phases using (pick(p, 'position')):(column('total_low_s') / unit_s):(0):((column('total_high_s') - column('total_low_s')) / unit_s) \
            with vectors heads size screen across(4), 90 fixed linewidth 1.2 linecolor rgb '#000000', \
        phases using (pick(p, 'position')):(column('total_s') / unit_s) \
            with points pointtype 7 pointsize 0.8 * marker linecolor rgb '#000000'
}

eval place_legend
plot for [k = 1:4] NaN with boxes fillcolor rgb phase_colour[k] fillstyle solid 1 noborder title value(sprintf('label_%d', k))
unset multiplot
