# Completeness against magnitude: a colour and a marker for each table.
#
# Variables, set by `skyscale plot`:
#   terminal, style         see style.gp
#   points, curves, limits  CSV files, columns by name
#   n_entries               tables
#   label_E, limits_text_E  the legend's texts: the table's name, and its limits in words
#   mag_min, mag_max        middles of the first and the last bin
#   interval_percent        of the error bars

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
load style
set xlabel 'magnitude of the inserted star (mag)'
set ylabel 'completeness: recovered / inserted'
margin = 0.03 * (mag_max - mag_min) + 0.1
set xrange [mag_min - margin:mag_max + margin]
set yrange [0:1.04]
set xtics 1
set ytics 0, 0.1
set format y '%.1f'

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
        with points pointtype filled_of(e) pointsize 0.8 * marker linecolor rgb colour_of(e)

# The legend: an empty plot whose key fills the strip underneath.
eval bare_axes
set bmargin at screen 30.0 / page_height
set tmargin at screen legend_share
set key on at screen 70.0 / page_width, screen 0.5 * (30.0 / page_height + legend_share - 10.0 / page_height) left center \
    vertical maxrows n_entries samplen 3 spacing 1.1 Left reverse
eval sprintf("set key font '%s'", font_of(11)) # takes no expression
set label 2 sprintf('bars: Wilson''s %g %% intervals;  lines: fitted function of Fleming et al. (1995), dotted down from its limits', interval_percent) \
    at screen 0.5, screen 18.0 / page_height center font font_of(10) textcolor rgb '#404040'
plot for [e = 1:n_entries] NaN with linespoints pointtype filled_of(e) pointsize marker linewidth 1.3 \
    dashtype dash_of(e) linecolor rgb colour_of(e) title entry_title(e)
unset multiplot
