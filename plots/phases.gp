# Phases of runs stacked: a panel for each kernel, a bar for each worker count of each series.
#
# Variables, set by `skyscale plot`:
#   terminal, style                see style.gp
#   phases                         CSV file, columns by name
#   n_panels, panel_title_P
#   n_columns                      of panels
#   n_rows_P                       height of the panel, in bars
#   n_bars_P, bar_at_P_B, bar_P_B  where the bars are, from the top, and their worker counts
#   n_groups_P, group_at_P_G, group_P_G   the series', in the middle of their bars
#   highest_s_P                    what the axis has to hold
#   unit, unit_s                   of the time axis
#   interval_percent               of the totals' error bars; 0 for none
#   is_crowded                     whether any bar has more workers than places

n_panels = int(n_panels)
count_of(what, p) = int(value(sprintf('n_%s_%d', what, p)))
item(what, p, i) = value(sprintf('%s_%d_%d', what, p, i))
rows_of(p) = value(sprintf('n_rows_%d', p))

# Page, in units of 1/96 inch before scaling: panels above each other, the legend underneath.
longest = 10
do for [p = 1:n_panels] {
    do for [g = 1:count_of('groups', p)] {
        if (strlen(item('group', p, g)) > longest) { longest = strlen(item('group', p, g)) }
    }
}
n_columns = int(n_columns)
# The tallest panel of those that stand beside panel p, from its left end on.
rows_beside(p) = n_columns > 1 && p < n_panels && rows_of(p + 1) > rows_of(p) ? rows_of(p + 1) : rows_of(p)
all_rows = 0
n_stories = 0
do for [p = 1:n_panels:n_columns] {
    all_rows = all_rows + rows_beside(p)
    n_stories = n_stories + 1
}
bar_height = all_rows > 30 ? 16 : 24
panel_top = 38
panel_bottom = 62
workers_width = 44
names_width = 8.4 * longest + 24 + workers_width
page_width = 1000
column_width = page_width / n_columns
legend_height = 66
page_height = legend_height + n_stories * (panel_top + panel_bottom) + int(all_rows * bar_height)
load style

array phase = ['startup_s', 'prepare_s', 'parallel_s', 'finish_s']
array phase_title = ['start-up', 'prepare', 'parallel', 'finish']
# Dark and light in turns, so that neighbours differ in print as well.
array phase_colour = [colour_of(2), colour_of(6), colour_of(1), colour_of(5)]
pick(p, name) = column('panel') == p ? column(name) : NaN
# A phase that is not known takes no room.
length(k) = is_number(column(phase[k])) ? column(phase[k]) / unit_s : 0
before(k) = k == 1 ? 0 : length(1) + (k > 2 ? length(2) : 0) + (k > 3 ? length(3) : 0)

set multiplot
top = 1.0 * page_height
do for [p = 1:n_panels] {
    left = ((p - 1) % n_columns) * column_width
    eval bare_axes
    set border 1 linecolor '#404040'
    set xtics nomirror textcolor '#202020' autofreq
    set grid xtics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
    set lmargin at screen across(left + names_width)
    set rmargin at screen across(left + column_width - 30)
    set tmargin at screen up(top - panel_top)
    set bmargin at screen up(top - panel_top - rows_of(p) * bar_height)
    set title value(sprintf('panel_title_%d', p)) font font_of(14) offset 0, title_shift
    set xlabel sprintf('time of a run (%s)', unit) offset 0, xlabel_shift
    set xrange [0:value(sprintf('highest_s_%d', p)) / unit_s * 1.05]
    set yrange [rows_of(p) - 0.5:-0.5]
    do for [b = 1:count_of('bars', p)] {
        set label 1 + b item('bar', p, b) at screen across(left + names_width - 8), first item('bar_at', p, b) \
            right font font_of(bar_height < 24 ? 10 : 12)
    }
    do for [g = 1:count_of('groups', p)] {
        set label 1001 + g item('group', p, g) at screen across(left + names_width - workers_width), first item('group_at', p, g) \
            right font font_of(bar_height < 24 ? 11 : 12)
    }
    set label 1 'N' at screen across(left + names_width - 8), screen up(top - panel_top + 10) right font font_of(11)
    plot for [k = 1:4] phases using (before(k)):(pick(p, 'row')):(before(k)):(before(k) + length(k)):(pick(p, 'row') - 0.4):(pick(p, 'row') + 0.4) \
            with boxxyerror fillcolor rgb phase_colour[k] fillstyle solid 1 border rgb '#ffffff' linewidth 0.5, \
        phases using (pick(p, 'total_low_s') / unit_s):(column('row')):((column('total_high_s') - column('total_low_s')) / unit_s):(0) \
            with vectors heads size screen across(4), 90 fixed linewidth 1.2 linecolor rgb '#000000', \
        phases using (pick(p, 'total_s') / unit_s):(column('row')) \
            with points pointtype 7 pointsize 0.7 * marker linecolor rgb '#000000'
    if (p % n_columns == 0) { top = top - panel_top - rows_beside(p - n_columns + 1) * bar_height - panel_bottom }
}

eval bare_axes
set bmargin at screen up(30)
set tmargin at screen up(legend_height)
set key on center center horizontal samplen 1.5 width 1 Left reverse
remark = 'bars: medians of the phases;  mark: median of the total'
if (interval_percent > 0) { remark = remark . sprintf(' with its %g %% interval', interval_percent) }
if (is_crowded) { remark = remark . ';  *: more workers than places' }
set label 1 remark at screen 0.5, screen up(18) center font font_of(10) textcolor rgb '#404040'
plot for [k = 1:4] NaN with boxes fillcolor rgb phase_colour[k] fillstyle solid 1 noborder title phase_title[k]
unset multiplot
