# gnuplot figures/speed.gp   (in the folder of report.html)
NAME = 'speed'
W = 960
H = 480
array subject[6] = ['fast:f32', 'fast:f64', 'fixed:q15', 'fixed:s16.15', 'fixed:w8', 'fixed:reckon']
array kase[9] = ['alif bptt, N100 T1000 B1', 'alif eprop1-symmetric, N100 T1000 B1', 'lif eprop1-symmetric, N100 T1000 B1', 'lstm bptt, N100 T100 B16', 'lstm eprop1-symmetric, N100 T100 B16', 'rate bptt, N100 T100 B16', 'forward alif bptt, N100 T1000 B1', 'forward lstm bptt, N100 T100 B16', 'fixed alif eprop1-symmetric, N64 T100 B1']
least = 0.286
H = 476
none = 0

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

# How many times as fast as the portable scalar engine, case by case.
n = |kase|
set yrange [n + 0.6:0.4]
set ytics noenhanced ()
do for [k=1:n] { set ytics add (kase[k] k) }
set grid noytics
do for [k=1:n-1] { set arrow k from graph 0, first k + 0.5 to graph 1, first k + 0.5 nohead lc rgb '#dddddd' }
set bmargin at screen 125.0 / H
set tmargin at screen 1 - 25.0 / H
set lmargin at screen 0.345
set rmargin at screen 0.97
set key at screen 0.02, 0.01 left bottom Left reverse horizontal samplen 1 noenhanced
set logscale x
set xlabel 'times as fast as the scalar engine in the same run (95 % interval)'
set xrange [least * 0.8:*]
set offsets graph 0.03, graph 0.05, 0, 0
set arrow 1000 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#444444' lw 2
if (none) { set label 1 'no ratio was claimed on this machine' at graph 0.5, graph 0.5 center; set xrange [0.5:2] }
shift(m) = |subject| > 1 ? (m - 0.5 * (|subject| + 1)) * 0.6 / |subject| : 0
plot NaN notitle, for [m=1:|subject|] DAT index m-1 using 2:($1 + shift(m)):3:4 with xerrorbars pt marker(m) ps 0.9 lw 2 lc rgb colour(m) title subject[m]
