# Completeness against magnitude: a colour and a marker for each table.
#
# Variables, set by `skyscale plot`:
#   terminal                svg, pdfcairo or pngcairo
#   points, curves, limits  CSV files, columns by name
#   n_entries               tables
#   label_E, limits_text_E  the legend's texts: the table's name, and its limits in words
#   mag_min, mag_max        middles of the first and the last bin
#   interval_percent        of the error bars

set encoding utf8
n_entries = int(n_entries)
entry_title(e) = sprintf('%s: %s', value(sprintf('label_%d', e)), value(sprintf('limits_text_%d', e)))
# Page, in units of 1/96 inch before scaling; wider for long names.
page_width = 800
do for [e = 1:n_entries] {
    needed = 8.3 * strlen(entry_title(e)) + 160
    if (page_width < needed) { page_width = needed }
}
legend_height = 27 * n_entries + 58
page_height = 480 + legend_height
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

# Okabe & Ito's palette, told apart by everyone.
array colour = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#777777']
array mark = [7, 5, 9, 13, 11, 15]
array dashes = [1, 2, 4, 5]
colour_of(e) = colour[1 + (e - 1) % 8]
mark_of(e) = mark[1 + (e - 1) % 6]
dash_of(e) = dashes[1 + (e - 1) % 4]

set datafile separator comma
set datafile columnheaders
set border 3 linecolor '#404040'
set tics nomirror textcolor '#202020'
set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
set xlabel 'magnitude of the inserted star (mag)'
set ylabel 'completeness: recovered / inserted'
margin = 0.03 * (mag_max - mag_min) + 0.1
set xrange [mag_min - margin:mag_max + margin]
set yrange [0:1.04]
set xtics 1
set ytics 0, 0.1
set format y '%.1f'
set key off

# Of one table; what belongs elsewhere is not a number.
pick(e, name) = column('entry') == e ? column(name) : NaN
# Side by side, so that equal points do not hide each other.
dodge(e) = 0.004 * (mag_max - mag_min) * (e - (n_entries + 1) / 2.0)

set multiplot
legend_share = real(legend_height) / page_height
set lmargin at screen 78.0 / page_width
set rmargin at screen (page_width - 22.0) / page_width
set bmargin at screen legend_share + 56.0 / page_height
set tmargin at screen (page_height - 16.0) / page_height

# Error bars are arrows with flat heads: gnuplot's own wipe out what lies under their middle.
plot for [e = 1:n_entries] limits using (pick(e, 'mag')):(column('level')) \
        with impulses linewidth 0.8 dashtype 3 linecolor rgb colour_of(e), \
    for [e = 1:n_entries] curves using (pick(e, 'mag')):(pick(e, 'completeness')) \
        with lines linewidth 1.3 dashtype dash_of(e) linecolor rgb colour_of(e), \
    for [e = 1:n_entries] points using (pick(e, 'mag') + dodge(e)):(column('low')):(0):(column('high') - column('low')) \
        with vectors heads size screen 4.0 / page_width, 90 fixed linewidth 1.1 linecolor rgb colour_of(e), \
    for [e = 1:n_entries] points using (pick(e, 'mag') + dodge(e)):(pick(e, 'completeness')) \
        with points pointtype mark_of(e) pointsize 0.8 * marker linecolor rgb colour_of(e)

# The legend: an empty plot whose key fills the strip underneath.
unset border
unset tics
unset xlabel
unset ylabel
unset grid
set lmargin at screen 0.01
set rmargin at screen 0.99
set bmargin at screen 30.0 / page_height
set tmargin at screen legend_share
set xrange [0:1]
set yrange [0:1]
set key on at screen 70.0 / page_width, screen 0.5 * (30.0 / page_height + legend_share - 10.0 / page_height) left center \
    vertical maxrows n_entries samplen 3 spacing 1.1 Left reverse
eval sprintf("set key font '%s'", font_of(11)) # takes no expression
set label 2 sprintf('bars: Wilson''s %g %% intervals;  lines: fitted function of Fleming et al. (1995), dotted down from its limits', interval_percent) \
    at screen 0.5, screen 18.0 / page_height center font font_of(10) textcolor rgb '#404040'
plot for [e = 1:n_entries] NaN with linespoints pointtype mark_of(e) pointsize marker linewidth 1.3 \
    dashtype dash_of(e) linecolor rgb colour_of(e) title entry_title(e)
unset multiplot
