# Rate of computing against arithmetic intensity: a colour and a marker for each series.
#
# Variables, set by `skyscale plot`:
#   terminal, style, grid          see style.gp and grid.gp
#   points                         CSV file, columns by name
#   n_panels, n_entries, panel_title_P, label_E
#   origin                         where flops and bytes are from, for the remark
#   peak_flop_per_s, peak_byte_per_s   the machine's; 0: not known, no roof
#   x_low, x_high, y_low, y_high   what the axes have to hold
#   interval_percent               of the error bars; 0 for none
#   is_crowded                     whether any point has more workers than places

has_roof = peak_flop_per_s > 0
remark = origin . 'numbers: workers;  series side by side;  ' \
    . (has_roof ? 'solid: roof of the peaks given' : 'no roof: peaks not given')
if (interval_percent > 0) { remark = remark . sprintf(';  bars: %g %% intervals', interval_percent) }
if (is_crowded) { remark = remark . ';  hollow: more workers than places' }
y_title = 'rate of computing in the parallel phase (Gflop/s)'
load grid

giga = 1e9
# What came as a whole number would be divided as one.
x_from = x_low / 4.0
x_to = x_high * 4.0
y_from = y_low / giga / 3
y_to = y_high / giga * 3
if (has_roof) {
    peak = peak_flop_per_s / giga
    ridge = 1.0 * peak_flop_per_s / peak_byte_per_s
    if (y_to < 2 * peak) { y_to = 2 * peak }
    if (x_to < 3 * ridge) { x_to = 3 * ridge }
    if (x_from > ridge / 3) { x_from = ridge / 3 }
    if (y_from > peak / 3) { y_from = peak / 3 }
}
roof_at(x) = !has_roof ? NaN : x < ridge ? peak * x / ridge : peak
pick(e, name) = column('entry') == e ? column(name) : NaN
full(e, name) = column('is_oversubscribed') == 0 ? pick(e, name) : NaN
over(e, name) = column('is_oversubscribed') == 1 ? pick(e, name) : NaN
last(e, name) = column('is_last') == 1 ? pick(e, name) : NaN
# Series side by side: those of one kernel have the same intensity.
dodge(e, x) = x * (x_to / x_from) ** (10.0 / panel_width * (e - (n_entries + 1) / 2.0))
top_of(e) = is_number(column('flop_per_s_high')) ? column('flop_per_s_high') : column('flop_per_s')

set multiplot
eval place_panel(1)
set xlabel 'arithmetic intensity (flop/byte)' offset 0, xlabel_shift
eval place_ylabel
set logscale xy
set xrange [x_from:x_to]
set yrange [y_from:y_to]
tics_from = x_from
tics_to = x_to
if (x_to < 100 * x_from) { eval fine_tics('x') }
# Equal rates of memory traffic, one line for each power of ten that crosses the panel.
first_roof = floor(log10(y_from / x_to))
last_roof = ceil(log10(y_to / x_from))
do for [r = first_roof:last_roof] {
    roof = 10.0 ** r
    # where the line leaves the panel: at the top or on the right
    x_end = y_to / roof < x_to ? y_to / roof : x_to
    if (x_end * roof > y_from && x_end > x_from) {
        set label 100 + r - first_roof sprintf('%g GB/s ', roof) at x_end / 1.06, x_end / 1.06 * roof / 1.2 right \
            font font_of(9) textcolor rgb '#707070'
    }
}
if (has_roof) {
    set label 90 sprintf('%g Gflop/s, %g GB/s', peak, peak_byte_per_s / giga) at x_to / 1.1, peak * 1.25 right font font_of(10)
}
plot roof_at(x) with lines linewidth 1.6 linecolor rgb '#000000', for [r = first_roof:last_roof] 10.0 ** r * x with lines dashtype 3 linewidth 1 linecolor rgb '#a0a0a0', \
    for [e = 1:n_entries] points using (dodge(e, pick(e, 'flop_per_byte'))):(pick(e, 'flop_per_s') / giga) \
        with lines linewidth 1 linecolor rgb colour_of(e), \
    for [e = 1:n_entries] points using (dodge(e, pick(e, 'flop_per_byte'))):(column('flop_per_s_low') / giga):(0):((column('flop_per_s_high') - column('flop_per_s_low')) / giga) \
        with vectors heads size screen across(4), 90 fixed linewidth 1.1 linecolor rgb colour_of(e), \
    for [e = 1:n_entries] points using (dodge(e, over(e, 'flop_per_byte'))):(over(e, 'flop_per_s') / giga) \
        with points pointtype filled_of(e) pointsize 1.1 * marker linecolor rgb '#ffffff', \
    for [e = 1:n_entries] points using (dodge(e, over(e, 'flop_per_byte'))):(over(e, 'flop_per_s') / giga) \
        with points pointtype hollow_of(e) pointsize 1.1 * marker linewidth 1.3 linecolor rgb colour_of(e), \
    for [e = 1:n_entries] points using (dodge(e, full(e, 'flop_per_byte'))):(full(e, 'flop_per_s') / giga) \
        with points pointtype filled_of(e) pointsize marker linecolor rgb colour_of(e), \
    for [e = 1:n_entries] points using (dodge(e, last(e, 'flop_per_byte'))):(last(e, 'n_workers') > 0 ? top_of(e) / giga : NaN):(sprintf('%d', column('n_workers'))) \
        with labels offset 0, 0.5 font font_of(9) textcolor rgb colour_of(e)

eval place_legend
plot for [e = 1:n_entries] NaN with linespoints pointtype filled_of(e) pointsize marker linewidth 1.3 \
    linecolor rgb colour_of(e) title value(sprintf('label_%d', e))
unset multiplot
