# gnuplot figures/approx.gp   (in the folder of report.html)
NAME = 'approx'
W = 960
H = 480
array model[6] = ['lif', 'alif', 'lsnn', 'lstm', 'rate', 'synaptic']
array category[23] = ['eprop1-symmetric', 'eprop1-random', 'eprop1-global', 'tbptt, window 1', 'tbptt, window 4', 'tbptt, window 7', 'tbptt, window 20', 'eprop3, window 1, seed none', 'eprop3, window 4, seed none', 'eprop3, window 7, seed none', 'eprop3, window 20, seed none', 'eprop3, window 1, seed c', 'eprop3, window 4, seed c', 'eprop3, window 7, seed c', 'eprop3, window 20, seed c', 'eprop3, window 1, seed z', 'eprop3, window 4, seed z', 'eprop3, window 7, seed z', 'eprop3, window 20, seed z', 'eprop3, window 1, seed zc', 'eprop3, window 4, seed zc', 'eprop3, window 7, seed zc', 'eprop3, window 20, seed zc']
H = 738
zero = NaN
some_first = 1
some_second = 1

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

# What is not exact: direction and length of each approximation's gradient against BPTT's.
n = |category|
shift(m) = |model| > 1 ? (m - 0.5 * (|model| + 1)) * 0.7 / |model| : 0
set multiplot
set yrange [n + 0.6:0.4]
set ytics noenhanced ()
do for [k=1:n] { set ytics add (category[k] k) }
set grid noytics
do for [k=1:n-1] { set arrow k from graph 0, first k + 0.5 to graph 1, first k + 0.5 nohead lc rgb '#dddddd' }
set bmargin at screen 90.0 / H
set tmargin at screen 1 - 45.0 / H
set key at screen 0.02, 0.01 left bottom Left reverse horizontal samplen 1 noenhanced
set lmargin at screen 0.30
set rmargin at screen 0.66
set title 'Same direction? cosine with BPTT'
set xlabel 'cosine (1: the same direction)'
set xrange [*<0:1.05]
if (!some_first) { set xrange [-1:1.05] }
set arrow 1000 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#444444' lw 2
plot for [m=1:|model|] DAT index m-1 using 2:($1 + shift(m)) with points pt model_marker(model[m], m) ps 1 lw 2 lc rgb model_colour(model[m], m) title model[m]
unset key
set ytics ()
do for [k=1:n] { set ytics add ('' k) }
set lmargin at screen 0.70
set rmargin at screen 0.985
set title 'Same length? norm relative to BPTT'
set xlabel 'norm ratio (1: the same length)'
set logscale x 2
set xrange [*<0.5:2<*]
set offsets graph 0.04, graph 0.04, 0, 0
if (!some_second) { set xrange [0.5:2] }
set xtics ('1/256' 1.0/256, '1/64' 1.0/64, '1/16' 1.0/16, '1/4' 1.0/4, '1' 1, '4' 4, '16' 16, '64' 64)
plot for [m=1:|model|] DAT index m-1 using 3:($1 + shift(m)) with points pt model_marker(model[m], m) ps 1 lw 2 lc rgb model_colour(model[m], m)
unset multiplot
