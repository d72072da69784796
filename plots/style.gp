# What all figures share: page, fonts, colours, marks, and how CSV files are read.
#
# A template sets page_width and page_height, in units of 1/96 inch before scaling, and then loads
# this file, whose path is in `style`. Other variables it reads, set by `skyscale plot`:
#   terminal     svg, pdfcairo or pngcairo
#   figure_name  the title of an SVG document

set encoding utf8
is_svg = terminal eq 'svg'
if (terminal eq 'pngcairo') {
    set terminal pngcairo size 2 * page_width, 2 * page_height font 'Sans,12' \
        fontscale 2 linewidth 2 pointscale 2 noenhanced background '#ffffff'
}
if (terminal eq 'pdfcairo') {
    set terminal pdfcairo size page_width / 96.0, page_height / 96.0 font 'Sans,12' \
        fontscale 0.75 linewidth 1.5 pointscale 0.75 noenhanced background '#ffffff'
}
if (is_svg) {
    set terminal svg size page_width, page_height font 'Sans,16' name figure_name \
        linewidth 1.2 noenhanced background '#ffffff'
}

# The SVG terminal counts fonts in pixels, not points, and draws markers and tics larger than the
# others do, without a scale for either.
marker = is_svg ? 0.65 : 1
font_of(points) = sprintf(',%g', is_svg ? points * 4 / 3.0 : points)
title_shift = is_svg ? -0.7 : -0.4
xlabel_shift = is_svg ? 0.5 : 0.3
set tics scale marker

# Okabe & Ito's palette, told apart by everyone; then the markers, filled and hollow.
array colour = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#777777']
array filled = [7, 5, 9, 13, 11, 15]
array hollow = [6, 4, 8, 12, 10, 14]
array dashes = [1, 2, 4, 5]
colour_of(e) = colour[1 + (e - 1) % 8]
filled_of(e) = filled[1 + (e - 1) % 6]
hollow_of(e) = hollow[1 + (e - 1) % 6]
dash_of(e) = dashes[1 + (e - 1) % 4]

set datafile separator comma
set datafile columnheaders
set border 3 linecolor '#404040'
set tics nomirror textcolor '#202020'
set grid ytics linecolor '#d8d8d8' linewidth 0.6 linetype 1 dashtype 1
set format '%g'
set samples 400
set key off

is_number(x) = x == x
# A distance on the page as a part of its width or its height.
across(units) = real(units) / page_width
up(units) = real(units) / page_height

# gnuplot labels powers of ten only, of which a short logarithmic axis may hold one: 1, 2 and 5 times
# powers of ten between tics_from and tics_to, on the axis x or y: eval fine_tics('x')
fine_tics(axis) = sprintf('set %stics (); ', axis) \
    . 'do for [decade = floor(log10(tics_from)):ceil(log10(tics_to))] { do for [digit in "1 2 5"] { tic = digit * 10.0 ** decade; ' \
    . sprintf('set %stics add (sprintf("%%g", tic) tic) } }', axis)

# Leaves nothing but the key, for a strip with the legend: eval bare_axes
bare_axes = 'unset object; unset label; unset arrow; unset logscale; unset border; unset tics; unset title;' \
    . 'unset xlabel; unset ylabel; unset grid; set format "%g"; set xrange [0:1]; set yrange [0:1];' \
    . 'set lmargin at screen 0.01; set rmargin at screen 0.99'
