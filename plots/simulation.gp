# Simulated speedup against workers: a panel for each work load, a line for each rule.
#
# Variables, set by `skyscale plot`:
#   terminal                       svg, pdfcairo or pngcairo
#   points, bounds                 CSV files, columns by name
#   n_panels, n_entries            panels, and entries of the legend
#   panel_title_P, max_workers_P, max_speedup_P, min_speedup_P
#   label_E                        the legend's texts

set encoding utf8
n_panels = int(n_panels)
n_entries = int(n_entries)

# Page, in units of 1/96 inch before scaling: panels in rows, the legend underneath.
columns = n_panels == 1 ? 1 : n_panels == 2 || n_panels == 4 ? 2 : 3
rows = (n_panels + columns - 1) / columns
panel_width = columns == 1 ? 800 : columns == 2 ? 560 : 460
panel_height = columns == 1 ? 540 : 430
longest = 12
do for [e = 1:n_entries] {
    if (strlen(value(sprintf('label_%d', e))) > longest) {
        longest = strlen(value(sprintf('label_%d', e)))
    }
}
page_width = columns * panel_width
legend_columns = int((page_width - 40) / (longest * 9.0 + 75))
if (legend_columns < 1) { legend_columns = 1 }
if (legend_columns > n_entries) { legend_columns = n_entries }
legend_rows = (n_entries + legend_columns - 1) / legend_columns
legend_height = 24 * legend_rows + 44
page_height = rows * panel_height + legend_height

if (terminal eq 'pngcairo') {
    set terminal pngcairo size 2 * page_width, 2 * page_height font 'Sans,12' \
        fontscale 2 linewidth 2 pointscale 2 noenhanced background '#ffffff'
}
if (terminal eq 'pdfcairo') {
    set terminal pdfcairo size page_width / 96.0, page_height / 96.0 font 'Sans,12' \
        fontscale 0.75 linewidth 1.5 pointscale 0.75 noenhanced background '#ffffff'
}
if (terminal eq 'svg') {
    set terminal svg size page_width, page_height font 'Sans,16' \
        linewidth 1.2 noenhanced background '#ffffff'
}
marker = terminal eq 'svg' ? 0.5 : 0.8
font_of(points) = sprintf(',%g', terminal eq 'svg' ? points * 4 / 3.0 : points)
set tics scale marker

# Okabe & Ito's palette, then markers, then dashes: 8 x 6 x 3 lines can be told apart.
array colour = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#777777']
array filled = [7, 5, 9, 13, 11, 15]
array dash = [1, 2, 4]
colour_of(e) = colour[1 + (e - 1) % 8]
filled_of(e) = filled[1 + (e - 1) % 6]
dash_of(e) = dash[1 + ((e - 1) / 8) % 3]

set datafile separator comma
set datafile columnheaders
set border 3 linecolor '#404040'
set tics nomirror textcolor '#202020'
set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
set format '%g'
set samples 400
set key off

pick(p, e, name) = column('panel') == p && column('entry') == e ? column(name) : NaN
bound(p, name) = column('panel') == p ? column(name) : NaN

set multiplot
panel_share = real(panel_height) / page_height
legend_share = real(legend_height) / page_height

do for [p = 1:n_panels] {
    row = (p - 1) / columns
    col = (p - 1) % columns
    left = real(col) / columns
    bottom = legend_share + (rows - 1 - row) * panel_share
    set lmargin at screen left + 78.0 / page_width
    set rmargin at screen left + (panel_width - 22.0) / page_width
    set bmargin at screen bottom + 58.0 / page_height
    set tmargin at screen bottom + (panel_height - 38.0) / page_height

    n_max = value(sprintf('max_workers_%d', p))
    s_max = value(sprintf('max_speedup_%d', p))
    s_min = value(sprintf('min_speedup_%d', p))
    unset label
    set title value(sprintf('panel_title_%d', p)) font font_of(14) offset 0, (terminal eq 'svg' ? -0.7 : -0.4)
    set xlabel 'simulated workers N' offset 0, (terminal eq 'svg' ? 0.8 : 0.3)
    set label 1 'speedup against one worker' at screen left + 17.0 / page_width, screen bottom + 0.5 * (panel_height + 20.0) / page_height center rotate by 90
    set logscale x 2
    set logscale y 2
    set xrange [0.8:n_max * 1.25]
    set yrange [s_min * 0.7:s_max * 2]
    set xtics autofreq
    set ytics autofreq
    plot x with lines dashtype 3 linewidth 1 linecolor rgb '#808080', \
        bounds using (bound(p, 'n_workers')):(bound(p, 'speedup')) \
            with lines dashtype 2 linewidth 1 linecolor rgb '#404040', \
        for [e = 1:n_entries] points using (pick(p, e, 'n_workers')):(pick(p, e, 'speedup')) \
            with linespoints pointtype filled_of(e) pointsize marker linewidth 1.1 \
            dashtype dash_of(e) linecolor rgb colour_of(e)
}

# The legend: an empty plot whose key fills the strip underneath.
unset label
unset logscale
unset border
unset tics
unset title
unset xlabel
unset ylabel
unset grid
set lmargin at screen 0.01
set rmargin at screen 0.99
set bmargin at screen 24.0 / page_height
set tmargin at screen (legend_height - 4.0) / page_height
set xrange [0:1]
set yrange [0:1]
set format x
set key center center horizontal maxrows legend_rows samplen 3 width 1 Left reverse
set label 2 'simulated, not measured;  dotted: ideal;  grey dashes: clairvoyant bound' \
    at screen 0.5, screen 13.0 / page_height center font font_of(10) textcolor rgb '#404040'
plot for [e = 1:n_entries] NaN with linespoints pointtype filled_of(e) pointsize marker \
    linewidth 1.1 dashtype dash_of(e) linecolor rgb colour_of(e) \
    title value(sprintf('label_%d', e))
unset multiplot
