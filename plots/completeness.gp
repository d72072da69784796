# Completeness against magnitude, from tables of the kernel `completeness` (text).
#
#   gnuplot -e "tables='m71.txt'; output='m71.svg'" completeness.gp
#
# Variables:
#   tables     names of the tables, separated by blanks
#   output     the figure; .svg, .pdf or .png
#   labels     the legend's texts, separated by |; default: the names of the tables
#
# Points are the counts with their intervals (the header says of which confidence), lines the fitted
# functions.

if (!exists('tables') || !exists('output')) {
    print 'usage: gnuplot -e "tables=''TABLE ...''; output=''FIGURE.svg''" completeness.gp'
    exit status 2
}
set encoding utf8
ending = output[strlen(output) - 2:]
if (ending eq 'png') { set terminal pngcairo size 1600, 1040 font 'Sans,12' fontscale 2 linewidth 2 pointscale 2 noenhanced background '#ffffff' }
if (ending eq 'pdf') { set terminal pdfcairo size 8.33, 5.42 font 'Sans,12' fontscale 0.75 linewidth 1.5 pointscale 0.75 noenhanced background '#ffffff' }
if (ending eq 'svg') { set terminal svg size 800, 520 font 'Sans,16' linewidth 1.2 noenhanced background '#ffffff' }
set output output

n = words(tables)
# The i-th of the texts between bars.
label_rest = exists('labels') ? labels : ''
array label[n]
do for [i = 1:n] {
    bar = strstrt(label_rest, '|')
    label[i] = strlen(label_rest) == 0 ? word(tables, i) : bar > 0 ? label_rest[:bar - 1] : label_rest
    label_rest = bar > 0 ? label_rest[bar + 1:] : ''
}

# Plateau, steepness and middle of each fitted function, out of the table's header; NaN without.
array plateau[n]
array steepness[n]
array half[n]
do for [i = 1:n] {
    fitted = system(sprintf("sed -n 's/^# function: \\([0-9.]*\\).*t = \\([0-9.]*\\) (m - \\([-0-9.]*\\)).*/\\1 \\2 \\3/p' '%s'", word(tables, i)))
    plateau[i] = words(fitted) == 3 ? real(word(fitted, 1)) : NaN
    steepness[i] = words(fitted) == 3 ? real(word(fitted, 2)) : NaN
    half[i] = words(fitted) == 3 ? real(word(fitted, 3)) : NaN
}
t(i, m) = steepness[i] * (m - half[i])
f(i, m) = plateau[i] / 2 * (1 - t(i, m) / sqrt(1 + t(i, m) ** 2))

# Okabe & Ito's palette, told apart by everyone.
array colour = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000']
array mark = [7, 5, 9, 13, 11, 15]
colour_of(i) = colour[1 + (i - 1) % 7]
mark_of(i) = mark[1 + (i - 1) % 6]

set border 3 linecolor '#404040'
set tics nomirror textcolor '#202020'
set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
set xlabel 'magnitude'
set ylabel 'completeness'
set yrange [0:1.02]
set offsets graph 0.02, graph 0.02, 0, 0
set key bottom left Left reverse
set samples 400
# Side by side, so that equal points do not hide each other.
dodge(i) = 0.04 * (i - (n + 1) / 2.0)

plot for [i = 1:n] f(i, x) with lines linewidth 1.2 linecolor rgb colour_of(i) notitle, \
    for [i = 1:n] word(tables, i) using (column(1) + dodge(i)):4:5:6 with yerrorbars \
        pointtype mark_of(i) pointsize 0.7 linewidth 1.1 linecolor rgb colour_of(i) title label[i]
