# Timeline of runs: a panel for each, a row for each worker, a bar for each chunk.
#
# Variables, set by `skyscale plot`:
#   terminal, style                see style.gp
#   bars                           CSV file, columns by name; kind 0: a worker's span, 1: its own
#                                  chunks, 2: stolen ones
#   n_panels, panel_title_P, n_workers_P
#   end_s                          the last end of all
#   unit, unit_s                   of the time axis
#   has_stolen                     whether any chunk was stolen
#   remark                         which runs they are; "" for nothing to say

n_panels = int(n_panels)
workers_of(p) = int(value(sprintf('n_workers_%d', p)))
# Rows get thinner when there are many.
row_height(p) = workers_of(p) <= 8 ? 30.0 : workers_of(p) <= 24 ? 18.0 : 560.0 / workers_of(p)

# Page, in units of 1/96 inch before scaling.
page_width = 900
panel_top = 34
panel_bottom = 16
axis_height = 42
legend_height = remark eq '' ? 40 : 62
page_height = axis_height + legend_height
do for [p = 1:n_panels] {
    page_height = page_height + panel_top + panel_bottom + workers_of(p) * row_height(p)
}
load style
unset grid
set style fill solid 1 noborder
array bar_colour = ['#e6e6e6', colour_of(1), colour_of(2)]

pick(p, k, name) = column('panel') == p && column('kind') == k ? column(name) : NaN
x_of(p, k, name) = pick(p, k, name) / unit_s

edge_of(p, k) = column('end_s') - column('start_s') > 0.008 * end_s ? x_of(p, k, 'end_s') : NaN

set multiplot
top = 1.0 * page_height
do for [p = 1:n_panels] {
    height = workers_of(p) * row_height(p)
    set lmargin at screen 70.0 / page_width
    set rmargin at screen 1 - 24.0 / page_width
    set tmargin at screen (top - panel_top) / page_height
    set bmargin at screen (top - panel_top - height) / page_height
    is_last = p == n_panels
    set title value(sprintf('panel_title_%d', p)) font font_of(11) offset 0, title_shift
    set xrange [0:end_s / unit_s * 1.005]
    set yrange [workers_of(p) - 0.5:-0.5]
    set ytics 0, (workers_of(p) <= 24 ? 1 : workers_of(p) / 12) scale 0
    set ylabel 'worker' offset 0, 0
    set xtics autofreq
    if (is_last) {
        set format x '%g'
        set xlabel sprintf('time since the release of the workers (%s)', unit) offset 0, 0.3
    } else {
        set format x ''
        unset xlabel
    }
    # White edges part the chunks that are much wider than an edge; on others these would look like
    # time that was lost.
    plot for [k = 0:2] bars using (x_of(p, k, 'start_s')):(column('worker')):(x_of(p, k, 'start_s')):(x_of(p, k, 'end_s')):(column('worker') - (k == 0 ? 0.12 : 0.38)):(column('worker') + (k == 0 ? 0.12 : 0.38)) \
        with boxxyerror fillcolor rgb bar_colour[k + 1], \
        for [k = 1:2] bars using (edge_of(p, k)):(column('worker') - 0.38):(0):(0.76) \
        with vectors nohead linewidth 0.5 linecolor rgb '#ffffff'
    top = top - panel_top - height - panel_bottom
}

eval bare_axes
set bmargin at screen 0.002 + (remark eq '' ? 0 : 24.0 / page_height)
if (remark ne '') {
    set label 1 remark at screen 0.5, screen up(14) center font font_of(10) textcolor rgb '#404040'
}
set tmargin at screen legend_height / page_height
set key center center horizontal samplen 2 width 1 Left reverse
plot NaN with boxes fillcolor rgb bar_colour[2] title 'chunks', \
    for [k = 3:(has_stolen ? 3 : 2)] NaN with boxes fillcolor rgb bar_colour[k] title 'stolen chunks', \
    NaN with boxes fillcolor rgb bar_colour[1] title 'between chunks'
unset multiplot
