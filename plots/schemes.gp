# Times of schemes against each other: a panel for each kernel, a row for each scheme, a colour and
# a marker for each worker count.
#
# Variables, set by `skyscale plot`:
#   terminal, style                see style.gp
#   schemes                        CSV file, columns by name
#   n_panels, panel_title_P
#   n_columns                      of panels
#   n_rows_P, row_P_R              the rows' texts, from the top
#   low_s_P, high_s_P, is_log_P    what the axis has to hold, and how
#   n_entries, label_E             the legend, of worker counts
#   unit, unit_s, time_name        of the time axis
#   interval_percent               of the error bars; 0 for none
#   is_crowded                     whether any point has more workers than places

n_panels = int(n_panels)
n_entries = int(n_entries)
rows_of(p) = int(value(sprintf('n_rows_%d', p)))
row_text(p, r) = value(sprintf('row_%d_%d', p, r))

# Page, in units of 1/96 inch before scaling: panels above each other, the legend underneath.
longest = 12
do for [p = 1:n_panels] {
    do for [r = 1:rows_of(p)] {
        if (strlen(row_text(p, r)) > longest) { longest = strlen(row_text(p, r)) }
    }
}
panel_top = 38
panel_bottom = 62
n_columns = int(n_columns)
names_width = 9.2 * longest + 28
page_width = n_columns > 1 ? 1040 : int(names_width) + 520
column_width = page_width / n_columns
# The tallest panel of those that stand beside panel p, from its left end on.
rows_beside(p) = n_columns > 1 && p < n_panels && rows_of(p + 1) > rows_of(p) ? rows_of(p + 1) : rows_of(p)
n_rows = 0
n_stories = 0
do for [p = 1:n_panels:n_columns] {
    n_rows = n_rows + rows_beside(p)
    n_stories = n_stories + 1
}
# Many rows are closer together, on a page of the shape of a journal's.
row_height = 28
if (28 * n_rows + 100 * n_stories > 1.35 * page_width) {
    row_height = 17
    if (page_width < 1000) { page_width = 1000; column_width = 1000 }
}
size = row_height < 28 ? 0.7 : 1
legend_columns = int((page_width - 40) / 175)
if (legend_columns > n_entries) { legend_columns = n_entries }
legend_rows = (n_entries + legend_columns - 1) / legend_columns
legend_height = 24 * legend_rows + 40
page_height = legend_height + n_stories * (panel_top + panel_bottom) + n_rows * row_height
load style

pick(p, e, k, name) = column('panel') == p && column('entry') == e && column('is_oversubscribed') == k ? column(name) : NaN
x_of(p, e, k) = pick(p, e, k, 'median_s') / unit_s
# Worker counts above each other within a row, so that equal times do not hide each other.
y_of(e) = column('row') + (n_entries > 1 ? 0.5 * ((e - 1.0) / (n_entries - 1) - 0.5) : 0)

set multiplot
top = 1.0 * page_height
do for [p = 1:n_panels] {
    height = rows_of(p) * row_height
    left = ((p - 1) % n_columns) * column_width
    eval bare_axes
    set border 1 linecolor '#404040'
    set xtics nomirror textcolor '#202020'
    set grid xtics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
    set lmargin at screen across(left + names_width)
    set rmargin at screen across(left + column_width - 24)
    set tmargin at screen up(top - panel_top)
    set bmargin at screen up(top - panel_top - height)
    set title value(sprintf('panel_title_%d', p)) font font_of(14) offset 0, title_shift
    set xlabel sprintf('%s (%s)', time_name, unit) offset 0, xlabel_shift
    low = value(sprintf('low_s_%d', p)) / unit_s
    high = value(sprintf('high_s_%d', p)) / unit_s
    set xtics autofreq
    if (value(sprintf('is_log_%d', p))) {
        set logscale x
        set xrange [low / 1.3:high * 1.3]
        tics_from = low / 1.3
        tics_to = high * 1.3
        if (high < 100 * low) { eval fine_tics('x') }
    } else {
        set xrange [0:high * 1.08]
    }
    set yrange [rows_of(p) + 0.5:0.5]
    do for [r = 1:rows_of(p)] {
        set label r row_text(p, r) at screen across(left + names_width - 10), first r right
        if (r % 2 == 1) {
            set object r rectangle from graph 0, first r - 0.5 to graph 1, first r + 0.5 \
                fillcolor rgb '#f4f4f4' fillstyle solid noborder behind
        }
    }
    plot for [e = 1:n_entries] for [k = 0:1] schemes using (pick(p, e, k, 'low_s') / unit_s):(y_of(e)):((column('high_s') - column('low_s')) / unit_s):(0) \
            with vectors heads size screen across(3), 90 fixed linewidth 1.1 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] schemes using (x_of(p, e, 1)):(y_of(e)) \
            with points pointtype filled_of(e) pointsize size * marker linecolor rgb '#ffffff', \
        for [e = 1:n_entries] schemes using (x_of(p, e, 1)):(y_of(e)) \
            with points pointtype hollow_of(e) pointsize size * marker linewidth 1.3 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] schemes using (x_of(p, e, 0)):(y_of(e)) \
            with points pointtype filled_of(e) pointsize size * marker linecolor rgb colour_of(e)
    if (p % n_columns == 0) { top = top - panel_top - rows_beside(p - n_columns + 1) * row_height - panel_bottom }
}

eval bare_axes
set bmargin at screen up(30)
set tmargin at screen up(legend_height)
set key on center center horizontal maxrows legend_rows samplen 1.5 width 1 Left reverse
remark = 'points: medians'
if (interval_percent > 0) { remark = remark . sprintf(' with %g %% intervals', interval_percent) }
if (is_crowded) { remark = remark . ';  hollow: more workers than places' }
set label 1 remark at screen 0.5, screen up(18) center font font_of(10) textcolor rgb '#404040'
plot for [e = 1:n_entries] NaN with points pointtype filled_of(e) pointsize size * marker \
    linecolor rgb colour_of(e) title value(sprintf('label_%d', e))
unset multiplot
