# gnuplot figures/windows_lstm.gp   (in the folder of report.html)
NAME = 'windows_lstm'
W = 960
H = 480
H = 660
array series[8] = ['tbptt', 'tbptt-sg c', 'tbptt-sg z', 'tbptt-sg zc', 'eprop3', 'eprop3-sg c', 'eprop3-sg z', 'eprop3-sg zc']
array seeds[8] = [5, 5, 5, 5, 5, 5, 5, 5]
array head[7] = ['window', 'cosine', 'rel_err', 'rel_norm', 'late_cosine', 'late_rel_err', 'late_rel_norm']

# Terminal, colours (Okabe and Ito's, distinct for every kind of colour vision) and frame of all figures.
# gnuplot -e 'png=1' NAME.gp writes a PNG instead of the SVG, 'pdf=1' a PDF.
set encoding utf8
if (exists("png")) {
    set terminal pngcairo size W, H enhanced font 'DejaVu Sans,11' background '#ffffff'
    set output 'figures/'.NAME.'.png'
} else { if (exists("pdf")) {
    set terminal pdfcairo size W/96.0, H/96.0 enhanced font 'DejaVu Sans,9' background '#ffffff'
    set output 'figures/'.NAME.'.pdf'
} else {
    set terminal svg size W, H enhanced font 'Helvetica,Arial,sans-serif,14' background '#ffffff'
    set output 'figures/'.NAME.'.svg'
} }
# In SVG one small picture (its cells stay sharp: svg.c); elsewhere a rectangle a cell.
IMAGE = exists("pdf") || exists("png") ? 'image pixels' : 'image'
array okabe[7] = [0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000]
array shape[7] = [7, 5, 9, 13, 11, 6, 4]
colour(k) = okabe[(k - 1) % 7 + 1]
marker(k) = shape[(k - 1) % 7 + 1]
set border 3 lc rgb '#444444'
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid lc rgb '#dddddd' lw 1 lt 1
# About three tics over a range, at round numbers.
nice_step(r) = r > 0 ? (tic = 10**floor(log10(r / 3.0)), many = r / 3.0 / tic, tic * (many < 1.5 ? 1 : many < 3.5 ? 2 : many < 7.5 ? 5 : 10)) : 1
DAT = 'figures/'.NAME.'.dat'
# A learning rule has the same colour and mark in every figure.
rules = 'bptt eprop1-symmetric eprop1-random eprop1-adaptive eprop1-global tbptt tbptt-sg eprop3 eprop3-sg rtrl'
array rule_rgb[10] = [0x000000, 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0x999999, 0xE69F00, 0x56B4E9, 0x7B4FA3, 0x8C6D31]
rule_number(s) = sum [k=1:words(rules)] (word(rules, k) eq s ? k : 0)
rule_colour(s, k) = rule_number(s) ? rule_rgb[rule_number(s)] : colour(k)
rule_marker(s, k) = marker(rule_number(s) ? rule_number(s) : k)
# So has a model.
models = 'lif alif lsnn lstm rate synaptic'
model_number(s) = sum [k=1:words(models)] (word(models, k) eq s ? k : 0)
model_colour(s, k) = colour(model_number(s) ? model_number(s) : k)
model_marker(s, k) = marker(model_number(s) ? model_number(s) : k)

# Rules in windows against BPTT: medians over networks, with the quartiles as bands. Left: errors at every step; right: late
# ones alone. Columns of the data come in threes (quartiles) behind x: cosine, rel_err, rel_norm; then the same for late errors.
rule_of(s) = word(s, 1)
seed_of(s) = words(s) > 1 ? word(s, 2) : ''
dash(s) = seed_of(s) eq 'c' ? 2 : seed_of(s) eq 'z' ? 3 : 1
width(s) = seed_of(s) eq 'zc' ? 2.5 : 2
label(s) = seed_of(s) eq '' ? rule_of(s).', no seeds' : rule_of(s).', seeds '.seed_of(s)
set style fill transparent solid 0.12 noborder
set multiplot
set logscale x 2
set xtics 1, 2, 1024
set format x '%g'
set bmargin 0
set tmargin 0
array lo[4] = [2, 11, 5, 14]
do for [p=1:4] {
    column = lo[p]
    right = (p == 2 || p == 4)
    upper = p <= 2
    set lmargin at screen (right ? 0.565 : 0.085)
    set rmargin at screen (right ? 0.985 : 0.505)
    set tmargin at screen (upper ? 0.94 : 0.535)
    set bmargin at screen (upper ? 0.585 : 0.18)
    set title (p == 1 ? 'Errors at every step' : p == 2 ? 'Errors in the last eighth of a trial' : '')
    set xlabel (upper ? '' : 'window (steps)')
    set ylabel (right ? '' : upper ? 'cosine with BPTT' : 'distance / |BPTT|') offset 1, 0
    if (upper) { set yrange [*:1.02] } else { set yrange [0:*] }
    # Truncated BPTT's lines are named below the left panel, e-prop 3's below the right one.
    if (upper) { unset key } else { set key at screen (right ? 0.775 : 0.295), 0.02 center bottom Left reverse vertical maxrows 2 samplen 3 noenhanced }
    named(s) = !upper && (strstrt(s, 'eprop3') > 0) == right
    plot for [k=1:|series|] DAT index k-1 using 1:column:column+2 with filledcurves lc rgb rule_colour(rule_of(series[k]), k) notitle, \
         for [k=1:|series|] DAT index k-1 using 1:column+1 with linespoints pt marker(dash(series[k])) ps 0.5 dt dash(series[k]) \
             lw width(series[k]) lc rgb rule_colour(rule_of(series[k]), k) title (named(series[k]) ? label(series[k]) : '')
}
unset multiplot
