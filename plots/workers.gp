# A quantity against workers: a panel for each kernel, a colour and a marker for each series.
#
# Variables, set by `skyscale plot`:
#   terminal, style, grid          see style.gp and grid.gp
#   points, curves                 CSV files, columns by name
#   quantity                       its column; QUANTITY_low and QUANTITY_high are its intervals
#   y_title                        with its unit
#   n_panels, n_entries            panels, and entries of the legend
#   panel_title_P, y_from_P, y_to_P
#   min_workers_P, max_workers_P   what the axis has to hold
#   first_over_P, last_full_P      the first worker count with more workers than places (NaN: none)
#                                  and the last one before it
#   label_E                        the legend's texts
#   remark                         what the marks mean
#   guide                          'ideal': y = x / base; 'one', 'zero': a level; 'none'
#   base                           see guide
#   is_log_x, is_log_y
#   has_lines                      points are joined, there being no law that does
#   has_laws                       there are curves
#   has_bands, has_runs            the bands of the laws are drawn; those of single runs as well

load grid
low = quantity . '_low'
high = quantity . '_high'

# A column of one series in one panel; what belongs elsewhere is not a number.
pick(p, e, name) = column('panel') == p && column('entry') == e ? column(name) : NaN
full(p, e, name) = column('is_oversubscribed') == 0 ? pick(p, e, name) : NaN
over(p, e, name) = column('is_oversubscribed') == 1 ? pick(p, e, name) : NaN
part(p, e, k, name) = column('is_extrapolated') == k ? pick(p, e, name) : NaN
guide_at(n) = guide eq 'ideal' ? n / base : guide eq 'one' ? 1 : guide eq 'zero' ? 0 : NaN

set multiplot
do for [p = 1:n_panels] {
    eval bare_axes
    set border 3 linecolor '#404040'
    set xtics nomirror textcolor '#202020'
    set ytics nomirror textcolor '#202020'
    set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
    set format '%g'
    eval place_panel(p)
    set xlabel 'workers N' offset 0, xlabel_shift
    eval place_ylabel
    n_min = value(sprintf('min_workers_%d', p))
    n_max = value(sprintf('max_workers_%d', p))
    over_from = value(sprintf('first_over_%d', p))
    full_to = value(sprintf('last_full_%d', p))
    if (is_log_x) {
        set logscale x 2
        set xrange [0.8 * n_min:n_max * 1.25]
        set xtics autofreq
    } else {
        set xrange [n_min - 0.5:n_max + 0.5]
        set xtics 0, (n_max <= 16 ? 1 : 2)
    }
    if (is_log_y) {
        set logscale y (guide eq 'ideal' ? 2 : 10)
        if (guide eq 'ideal') { set format y '%.3g' }
    }
    set ytics autofreq
    set yrange [value(sprintf('y_from_%d', p)):value(sprintf('y_to_%d', p))]
    if (is_number(over_from)) {
        edge = full_to <= 0 ? 0.6 * over_from : is_log_x ? sqrt(full_to * over_from) : 0.5 * (full_to + over_from)
        set object 1 rectangle from first edge, graph 0 to graph 1, graph 1 \
            fillcolor rgb '#f0f0f0' fillstyle solid noborder behind
    }
    # Series side by side, so that equal points do not hide each other; where there are laws, close
    # to where these run.
    shift = 11.0 * (n_max - n_min + 1) / (panel_width - margin_left - margin_right)
    most_shift = (has_laws ? 0.4 : 0.7) / n_entries
    if (shift > most_shift) { shift = most_shift }
    dodge(e, n) = is_log_x ? n * (1 + 0.015 * (e - (n_entries + 1) / 2.0)) : n + shift * (e - (n_entries + 1) / 2.0)

    # Error bars are arrows with flat heads: gnuplot's own wipe out what lies under their middle.
    plot for [e = 1:(has_runs ? n_entries : 0)] curves using (pick(p, e, 'n_workers')):(pick(p, e, 'run_low')):(pick(p, e, 'run_high')) \
            with filledcurves fillcolor rgb colour_of(e) fillstyle transparent solid 0.10 noborder, \
        for [e = 1:(has_bands ? n_entries : 0)] curves using (pick(p, e, 'n_workers')):(pick(p, e, low)):(pick(p, e, high)) \
            with filledcurves fillcolor rgb colour_of(e) fillstyle transparent solid (n_entries > 4 ? 0.12 : 0.22) noborder, \
        guide_at(x) with lines dashtype 3 linewidth 1 linecolor rgb '#808080', \
        for [e = 1:n_entries] curves using (part(p, e, 0, 'n_workers')):(part(p, e, 0, quantity)) \
            with lines linewidth 1.3 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] curves using (part(p, e, 1, 'n_workers')):(part(p, e, 1, quantity)) \
            with lines linewidth 1 dashtype 2 linecolor rgb colour_of(e), \
        for [e = 1:(has_lines ? n_entries : 0)] points using (dodge(e, pick(p, e, 'n_workers'))):(pick(p, e, quantity)) \
            with lines linewidth 1 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] points using (dodge(e, pick(p, e, 'n_workers'))):(column(low)):(0):(column(high) - column(low)) \
            with vectors heads size screen across(4), 90 fixed linewidth 1.1 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] points using (dodge(e, over(p, e, 'n_workers'))):(over(p, e, quantity)) \
            with points pointtype filled_of(e) pointsize 1.1 * marker linecolor rgb '#ffffff', \
        for [e = 1:n_entries] points using (dodge(e, over(p, e, 'n_workers'))):(over(p, e, quantity)) \
            with points pointtype hollow_of(e) pointsize 1.1 * marker linewidth 1.3 linecolor rgb colour_of(e), \
        for [e = 1:n_entries] points using (dodge(e, full(p, e, 'n_workers'))):(full(p, e, quantity)) \
            with points pointtype filled_of(e) pointsize marker linecolor rgb colour_of(e)
}

eval place_legend
legend_style = has_laws || has_lines ? 'linespoints' : 'points'
plot for [e = 1:n_entries] NaN with @legend_style pointtype filled_of(e) pointsize marker linewidth 1.3 \
    linecolor rgb colour_of(e) title value(sprintf('label_%d', e))
unset multiplot
