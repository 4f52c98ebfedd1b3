# gnuplot figures/wordlength.gp   (in the folder of report.html)
NAME = 'wordlength'
W = 960
H = 480
array series[9] = ['weights, nearest-even', 'weights, stochastic', 'weights, floor', 'traces, nearest-even', 'traces, stochastic', 'traces, floor', 'membrane, nearest-even', 'membrane, stochastic', 'membrane, floor']
array head[8] = ['bits', 'frac', 'cosine', 'out_of_range', 'nmse', 'nmse_low', 'nmse_high', 'out_of_range_training']

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

# How many bits: gradient's direction and what training reaches, against the word length of one kind of number. Colour: which kind; dash: rounding.
kind(s) = strstrt(s, 'weights') ? 1 : strstrt(s, 'traces') ? 2 : 3
dash(s) = strstrt(s, 'stochastic') ? 2 : strstrt(s, 'floor') ? 3 : 1
set multiplot
unset key
set lmargin at screen 0.08
set rmargin at screen 0.37
set bmargin at screen 0.13
set tmargin at screen 0.92
set xlabel 'word length, bits with sign'
set xrange [3.5:24.5]
set xtics 4, 4, 24
set ylabel '1 − cosine with the exact gradient'
set title 'Direction of the gradient (lower is better)'
set logscale y
set format y '10^{%T}'
set yrange [5e-7:2]
plot for [k=1:|series|] DAT index k-1 using 1:($3 < 1 ? 1 - $3 : 1e-6) with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.5 lw 2
set lmargin at screen 0.445
set rmargin at screen 0.735
set key at screen 0.745, 0.92 left top Left reverse vertical samplen 3 spacing 1.3 noenhanced
set title 'After training (lower is better)'
set ylabel 'squared error / squared target, median'
set yrange [0.1:2]
set ytics (0.1, 0.2, 0.5, 1, 2)
set format y '%g'
plot for [k=1:|series|] DAT index k-1 using 1:5 with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.5 lw 2 title series[k]
unset multiplot
