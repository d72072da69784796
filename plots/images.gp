# Images side by side in shades of grey, dark for bright, as on a photographic plate.
#
# Variables, set by `skyscale plot`:
#   terminal, style                see style.gp
#   pixels                         CSV file, columns by name; shade: 0 … 1, empty where blank
#   n_panels, panel_title_P
#   first_row_P, last_row_P        of its pixels in the file, from 0
#   x_from_P, x_to_P, y_from_P, y_to_P  the edges of what is drawn, pixels
#   mark_x_from_P, …               a rectangle; NaN for none
#   shades_P, value_title_P        values of the grey scale, and what they are
#   remark

n_panels = int(n_panels)
number(name, p) = real(value(sprintf('%s_%d', name, p)))
width_of(p) = number('x_to', p) - number('x_from', p)
height_of(p) = number('y_to', p) - number('y_from', p)

# Page, in units of 1/96 inch before scaling. The longest side of a picture is as long as in all.
side = n_panels == 1 ? 600 : 440
left_margin = 76
right_margin = 124
top_margin = 38
bottom_margin = 102
columns = n_panels < 3 ? n_panels : 3
rows = (n_panels + columns - 1) / columns
longest(p) = width_of(p) > height_of(p) ? width_of(p) : height_of(p)
picture_height = 0
do for [p = 1:n_panels] {
    needed = side * height_of(p) / longest(p)
    if (needed > picture_height) { picture_height = needed }
}
panel_width = left_margin + side + right_margin
panel_height = top_margin + int(picture_height) + bottom_margin
page_width = columns * panel_width
page_height = rows * panel_height
load style

set palette defined (0 '#ffffff', 1 '#000000')
set cbrange [0:1]
set border 15 linecolor '#404040'
set tics out nomirror
unset grid

set multiplot
do for [p = 1:n_panels] {
    left = real(((p - 1) % columns) * panel_width + left_margin)
    bottom = real(page_height - ((p - 1) / columns + 1) * panel_height + bottom_margin)
    wide = side * width_of(p) / longest(p)
    high = side * height_of(p) / longest(p)
    set lmargin at screen across(left)
    set rmargin at screen across(left + wide)
    set bmargin at screen up(bottom)
    set tmargin at screen up(bottom + high)
    unset label
    set title value(sprintf('panel_title_%d', p)) font font_of(12) offset 0, title_shift
    set xlabel 'x (pixels)' offset 0, xlabel_shift
    set label 3 'y (pixels)' at screen across(left - left_margin + 16), screen up(bottom + 0.5 * high) center rotate by 90
    set xrange [number('x_from', p):number('x_to', p)]
    set yrange [number('y_from', p):number('y_to', p)]
    set colorbox user origin screen across(left + wide + 14), screen up(bottom) size screen across(14), screen up(high)
    eval sprintf('set cbtics scale 0.5 font "%s" (%s)', font_of(10), value(sprintf('shades_%d', p)))
    set label 1 value(sprintf('value_title_%d', p)) at screen across(left + wide + 100), screen up(bottom + 0.5 * high) \
        center rotate by 90 font font_of(10)
    if (p == 1) {
        set label 2 remark at screen 0.5, screen up(18) center font font_of(10) textcolor rgb '#404040'
    }
    # Blank pixels show what is underneath.
    set object 1 rectangle from graph 0, graph 0 to graph 1, graph 1 fillcolor rgb '#cfe3f2' fillstyle solid noborder behind
    unset object 2
    if (is_number(number('mark_x_from', p))) {
        set object 2 rectangle from number('mark_x_from', p), number('mark_y_from', p) to number('mark_x_to', p), number('mark_y_to', p) \
            fillstyle empty border rgb colour[2] linewidth 2.5 front
    }
    # By the numbers of its rows: a picture has to be a regular grid, without holes.
    plot pixels every ::int(number('first_row', p))::int(number('last_row', p)) \
        using (column('x')):(column('y')):(valid(5) ? column('shade') : NaN) with image
}
unset multiplot
