# Speedup against workers: a panel for each kernel, a colour and a marker for each series.
#
# Variables, set by `skyscale plot`:
#   terminal                       svg, pdfcairo or pngcairo
#   points, curves                 CSV files, columns by name
#   n_panels, n_entries            panels, and entries of the legend
#   panel_title_P, max_workers_P, max_speedup_P
#   first_over_P, last_full_P      the first worker count with more workers than places (NaN: none)
#                                  and the last one before it
#   label_E                        the legend's texts
#   model                          the law drawn; "" for none
#   interval_percent               of the error bars; 0 for none
#   time_name                      "total time"
#   base                           workers that speedups are relative to; 0: not the same for all
#   is_weak                        the work grows with the workers

set encoding utf8
n_panels = int(n_panels)
n_entries = int(n_entries)
has_model = strlen(model) > 0
has_intervals = interval_percent > 0
has_oversubscribed = 0
is_number(x) = x == x
do for [p = 1:n_panels] {
    if (is_number(value(sprintf('first_over_%d', p)))) { has_oversubscribed = 1 }
}
base_name = base > 0 ? sprintf('%d', int(base)) : 'base'
y_title = (is_weak ? 'scaled speedup N T(' : 'speedup T(') . base_name . ')/T(N), ' . time_name
ideal(n) = base > 0 ? n / base : n

# Page, in units of 1/96 inch before scaling: panels in rows, the legend underneath.
columns = n_panels == 1 ? 1 : n_panels == 2 || n_panels == 4 ? 2 : 3
rows = (n_panels + columns - 1) / columns
panel_width = columns == 1 ? 800 : columns == 2 ? 560 : 460
panel_height = columns == 1 ? 520 : 430
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

# What the marks mean, underneath; on two lines where one is too long.
remark = 'dotted: ideal'
if (has_model) { remark = remark . sprintf(';  lines: fitted %s', model) }
if (has_model && has_oversubscribed) { remark = remark . ' (dashed: beyond the fit)' }
more = ''
if (has_intervals) { more = more . sprintf(';  bars: %g %% intervals', interval_percent) }
if (has_oversubscribed) { more = more . ';  hollow, grey: more workers than places' }
remark_lines = 7.5 * (strlen(remark) + strlen(more)) > page_width - 40 ? 2 : 1
remark = remark_lines == 1 ? remark . more : remark . "\n" . more[4:]
legend_height = 24 * legend_rows + 26 + 18 * remark_lines
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

# The SVG terminal counts fonts in pixels, not points, and draws markers and tics larger than the
# others do, without a scale for either.
marker = terminal eq 'svg' ? 0.65 : 1
font_of(points) = sprintf(',%g', terminal eq 'svg' ? points * 4 / 3.0 : points)
set tics scale marker

# Okabe & Ito's palette, told apart by everyone; then the markers, filled and hollow.
array colour = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#777777']
array filled = [7, 5, 9, 13, 11, 15]
array hollow = [6, 4, 8, 12, 10, 14]
colour_of(e) = colour[1 + (e - 1) % 8]
filled_of(e) = filled[1 + (e - 1) % 6]
hollow_of(e) = hollow[1 + (e - 1) % 6]

set datafile separator comma
set datafile columnheaders
set border 3 linecolor '#404040'
set tics nomirror textcolor '#202020'
set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
set format '%g'
set samples 400
set key off

# A column of one series in one panel; what belongs elsewhere is not a number.
pick(p, e, name) = column('panel') == p && column('entry') == e ? column(name) : NaN
full(p, e, name) = column('is_oversubscribed') == 0 ? pick(p, e, name) : NaN
over(p, e, name) = column('is_oversubscribed') == 1 ? pick(p, e, name) : NaN
part(p, e, k, name) = column('is_extrapolated') == k ? pick(p, e, name) : NaN

set multiplot
panel_share = real(panel_height) / page_height
legend_share = real(legend_height) / page_height

do for [p = 1:n_panels] {
    row = (p - 1) / columns
    col = (p - 1) % columns
    left = real(col) / columns
    bottom = legend_share + (rows - 1 - row) * panel_share
    set lmargin at screen left + 68.0 / page_width
    set rmargin at screen left + (panel_width - 22.0) / page_width
    set bmargin at screen bottom + 58.0 / page_height
    set tmargin at screen bottom + (panel_height - 38.0) / page_height

    n_max = value(sprintf('max_workers_%d', p))
    s_max = value(sprintf('max_speedup_%d', p))
    over_from = value(sprintf('first_over_%d', p))
    full_to = value(sprintf('last_full_%d', p))
    is_log = n_max > 32
    unset object
    unset label
    unset logscale
    set title value(sprintf('panel_title_%d', p)) font font_of(14) offset 0, (terminal eq 'svg' ? -0.7 : -0.4)
    set xlabel 'workers N' offset 0, (terminal eq 'svg' ? 0.8 : 0.3)
    set label 1 y_title at screen left + 17.0 / page_width, screen bottom + 0.5 * (panel_height + 20.0) / page_height center rotate by 90
    if (is_log) {
        set logscale x 2
        set logscale y 2
        set xrange [0.8:n_max * 1.25]
        set yrange [0.7:s_max * 1.6]
        set xtics autofreq
        set ytics autofreq
    } else {
        set xrange [0.5:n_max + 0.5]
        set yrange [0:s_max * 1.15]
        step = n_max <= 16 ? 1 : 2
        set xtics 0, step
        set ytics autofreq
    }
    if (is_number(over_from)) {
        edge = full_to <= 0 ? 0.6 * over_from : is_log ? sqrt(full_to * over_from) : 0.5 * (full_to + over_from)
        set object 1 rectangle from first edge, graph 0 to graph 1, graph 1 \
            fillcolor rgb '#f0f0f0' fillstyle solid noborder behind
    }
    # Series side by side, so that equal points do not hide each other.
    shift = 0.014 * n_max
    if (shift * n_entries > 0.4) { shift = 0.4 / n_entries }
    dodge(e, n) = is_log ? n * (1 + 0.015 * (e - (n_entries + 1) / 2.0)) : n + shift * (e - (n_entries + 1) / 2.0)

    # Error bars are arrows with flat heads: gnuplot's own wipe out what lies under their middle.
    plot ideal(x) with lines dashtype 3 linewidth 1 linecolor rgb '#808080', \
        for [e = 1:n_entries] curves using (part(p, e, 0, 'n_workers')):(part(p, e, 0, 'speedup')) \
            with lines linewidth 1.3 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] curves using (part(p, e, 1, 'n_workers')):(part(p, e, 1, 'speedup')) \
            with lines linewidth 1 dashtype 2 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] points using (dodge(e, pick(p, e, 'n_workers'))):(column('speedup_low')):(0):(column('speedup_high') - column('speedup_low')) \
            with vectors heads size screen 4.0 / page_width, 90 fixed linewidth 1.1 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] points using (dodge(e, over(p, e, 'n_workers'))):(over(p, e, 'speedup')) \
            with points pointtype filled_of(e) pointsize 1.1 * marker linecolor rgb '#ffffff', \
        for [e = 1:n_entries] points using (dodge(e, over(p, e, 'n_workers'))):(over(p, e, 'speedup')) \
            with points pointtype hollow_of(e) pointsize 1.1 * marker linewidth 1.3 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] points using (dodge(e, full(p, e, 'n_workers'))):(full(p, e, 'speedup')) \
            with points pointtype filled_of(e) pointsize marker linecolor rgb colour_of(e)
}

# The legend: an empty plot whose key fills the strip underneath.
unset object
unset label
unset logscale
unset border
unset tics
unset title
unset xlabel
unset grid
set lmargin at screen 0.01
set rmargin at screen 0.99
set bmargin at screen (18.0 + 18.0 * remark_lines) / page_height
set tmargin at screen legend_share
set xrange [0:1]
set yrange [0:1]
set key on center center horizontal maxrows legend_rows samplen 2.2 spacing 1.15 width 1 Left reverse
set label 2 remark at screen 0.5, screen (remark_lines == 1 ? 20.0 : 30.0) / page_height center \
    font font_of(10) textcolor rgb '#404040'
plot for [e = 1:n_entries] NaN with linespoints pointtype filled_of(e) pointsize marker linewidth 1.3 \
    linecolor rgb colour_of(e) title value(sprintf('label_%d', e))
unset multiplot
