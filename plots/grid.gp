# Panels in rows, a legend of n_entries texts label_E underneath, and a remark below that.
#
# A template loads this file before style.gp, whose path is in `style`; this one's is in `grid`.
#   n_panels, n_entries, label_E, remark   set by `skyscale plot`; the remark may have two lines

n_panels = int(n_panels)
n_entries = int(n_entries)
columns = n_panels == 1 ? 1 : n_panels == 2 || n_panels == 4 ? 2 : 3
rows = (n_panels + columns - 1) / columns
# Pages no wider than this: at the 17 cm of a journal's page letters stay above 6 points.
panel_width = columns == 1 ? 800 : columns == 2 ? 510 : 345
panel_height = columns == 1 ? 520 : columns == 2 ? 400 : 315
margin_left = columns == 3 ? 88 : 92
margin_right = columns == 3 ? 14 : 22
page_width = columns * panel_width

longest = 12
do for [e = 1:n_entries] {
    if (strlen(value(sprintf('label_%d', e))) > longest) {
        longest = strlen(value(sprintf('label_%d', e)))
    }
}
# gnuplot puts as many entries beside each other as it thinks fit; it takes letters to be larger in SVG.
legend_columns = int((page_width - 40) / (longest * (terminal eq 'svg' ? 11.2 : 9.0) + 75))
if (legend_columns < 1) { legend_columns = 1 }
if (legend_columns > n_entries) { legend_columns = n_entries }
legend_rows = (n_entries + legend_columns - 1) / legend_columns

# The remark is cut at a semicolon when it is too long for one line.
remark_lines = 1
if (7.5 * strlen(remark) > page_width - 40) {
    cut = 0
    do for [i = 1:strlen(remark)] {
        if (remark[i:i] eq ';' && 7.5 * i <= page_width - 40) { cut = i }
    }
    if (cut > 0) {
        remark = remark[1:cut] . "\n" . remark[cut + 3:]
        remark_lines = 2
    }
}
legend_height = (terminal eq 'svg' ? 28 : 24) * legend_rows + 26 + 18 * remark_lines
page_height = rows * panel_height + legend_height
load style
legend_share = up(legend_height)
panel_share = up(panel_height)

# Where panel p lies: eval place_panel(p)
panel_left(p) = real((p - 1) % columns) / columns
panel_bottom(p) = legend_share + (rows - 1 - (p - 1) / columns) * panel_share
# Long titles are smaller: 0.74 units of width a letter and point, centred over the plot.
title_width = panel_width - margin_left + margin_right
fitting_size(letters) = letters * 0.74 * 14 <= title_width ? 14 : letters * 0.74 * 8 >= title_width ? 8 : title_width / (0.74 * letters)
title_size(p) = fitting_size(strlen(value(sprintf('panel_title_%d', p))))
place_panel(p) = sprintf('left = %.9g; bottom = %.9g;', panel_left(p), panel_bottom(p)) \
    . 'set lmargin at screen left + across(margin_left); set rmargin at screen left + across(panel_width - margin_right);' \
    . 'set bmargin at screen bottom + up(58); set tmargin at screen bottom + up(panel_height - 38);' \
    . sprintf("set title panel_title_%d font '%s' offset 0, title_shift", p, font_of(title_size(p)))

# A title of the vertical axis that does not move with the width of its numbers.
place_ylabel = 'set label 1 y_title at screen left + across(17), screen bottom + 0.5 * up(panel_height + 20) center rotate by 90 font font_of(columns == 3 ? 11 : 12)'

# The strip for the legend, whose plots the template makes afterwards.
place_legend = bare_axes . ';' \
    . 'set bmargin at screen up(18 + 18 * remark_lines); set tmargin at screen legend_share;' \
    . 'set key on center center horizontal maxrows legend_rows samplen 2.2 spacing 1.15 width 1 Left reverse;' \
    . sprintf("set label 2 remark at screen 0.5, screen up(remark_lines == 1 ? 20 : 30) center font '%s' textcolor rgb '#404040'", font_of(10))
