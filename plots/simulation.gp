# Simulated speedup against workers: a panel for each work load, a line for each rule.
#
# Variables, set by `skyscale plot`:
#   terminal, style, grid          see style.gp and grid.gp
#   points, bounds                 CSV files, columns by name
#   n_panels, n_entries            panels, and entries of the legend
#   panel_title_P, max_workers_P, max_speedup_P, min_speedup_P
#   label_E                        the legend's texts

remark = 'simulated, not measured;  dotted: ideal;  grey dashes: clairvoyant bound'
y_title = 'speedup against one worker'
load grid

# Besides colours and markers the dashes: 8 x 6 x 3 lines can be told apart.
array more_dashes = [1, 2, 4]
more_dash_of(e) = more_dashes[1 + ((e - 1) / 8) % 3]
size = 0.8 * marker

pick(p, e, name) = column('panel') == p && column('entry') == e ? column(name) : NaN
bound(p, name) = column('panel') == p ? column(name) : NaN

set multiplot
do for [p = 1:n_panels] {
    eval bare_axes
    set border 3 linecolor '#404040'
    set xtics nomirror textcolor '#202020'
    set ytics nomirror textcolor '#202020'
    set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
    eval place_panel(p)
    set xlabel 'simulated workers N' offset 0, xlabel_shift
    eval place_ylabel
    set logscale x 2
    set logscale y 2
    set xrange [0.8:value(sprintf('max_workers_%d', p)) * 1.25]
    set yrange [value(sprintf('min_speedup_%d', p)) * 0.7:value(sprintf('max_speedup_%d', p)) * 2]
    plot x with lines dashtype 3 linewidth 1 linecolor rgb '#808080', \
        bounds using (bound(p, 'n_workers')):(bound(p, 'speedup')) \
            with lines dashtype 2 linewidth 1 linecolor rgb '#404040', \
        for [e = 1:n_entries] points using (pick(p, e, 'n_workers')):(pick(p, e, 'speedup')) \
            with linespoints pointtype filled_of(e) pointsize size linewidth 1.1 \
            dashtype more_dash_of(e) linecolor rgb colour_of(e)
}

eval place_legend
plot for [e = 1:n_entries] NaN with linespoints pointtype filled_of(e) pointsize size \
    linewidth 1.1 dashtype more_dash_of(e) linecolor rgb colour_of(e) \
    title value(sprintf('label_%d', e))
unset multiplot
