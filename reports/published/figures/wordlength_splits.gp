# gnuplot figures/wordlength_splits.gp   (in the folder of report.html)
NAME = 'wordlength_splits'
W = 960
H = 480
array series[108] = ['weights, 4 bits, nearest-even', 'weights, 5 bits, nearest-even', 'weights, 6 bits, nearest-even', 'weights, 7 bits, nearest-even', 'weights, 8 bits, nearest-even', 'weights, 9 bits, nearest-even', 'weights, 10 bits, nearest-even', 'weights, 12 bits, nearest-even', 'weights, 14 bits, nearest-even', 'weights, 16 bits, nearest-even', 'weights, 20 bits, nearest-even', 'weights, 24 bits, nearest-even', 'weights, 4 bits, stochastic', 'weights, 5 bits, stochastic', 'weights, 6 bits, stochastic', 'weights, 7 bits, stochastic', 'weights, 8 bits, stochastic', 'weights, 9 bits, stochastic', 'weights, 10 bits, stochastic', 'weights, 12 bits, stochastic', 'weights, 14 bits, stochastic', 'weights, 16 bits, stochastic', 'weights, 20 bits, stochastic', 'weights, 24 bits, stochastic', 'weights, 4 bits, floor', 'weights, 5 bits, floor', 'weights, 6 bits, floor', 'weights, 7 bits, floor', 'weights, 8 bits, floor', 'weights, 9 bits, floor', 'weights, 10 bits, floor', 'weights, 12 bits, floor', 'weights, 14 bits, floor', 'weights, 16 bits, floor', 'weights, 20 bits, floor', 'weights, 24 bits, floor', 'traces, 4 bits, nearest-even', 'traces, 5 bits, nearest-even', 'traces, 6 bits, nearest-even', 'traces, 7 bits, nearest-even', 'traces, 8 bits, nearest-even', 'traces, 9 bits, nearest-even', 'traces, 10 bits, nearest-even', 'traces, 12 bits, nearest-even', 'traces, 14 bits, nearest-even', 'traces, 16 bits, nearest-even', 'traces, 20 bits, nearest-even', 'traces, 24 bits, nearest-even', 'traces, 4 bits, stochastic', 'traces, 5 bits, stochastic', 'traces, 6 bits, stochastic', 'traces, 7 bits, stochastic', 'traces, 8 bits, stochastic', 'traces, 9 bits, stochastic', 'traces, 10 bits, stochastic', 'traces, 12 bits, stochastic', 'traces, 14 bits, stochastic', 'traces, 16 bits, stochastic', 'traces, 20 bits, stochastic', 'traces, 24 bits, stochastic', 'traces, 4 bits, floor', 'traces, 5 bits, floor', 'traces, 6 bits, floor', 'traces, 7 bits, floor', 'traces, 8 bits, floor', 'traces, 9 bits, floor', 'traces, 10 bits, floor', 'traces, 12 bits, floor', 'traces, 14 bits, floor', 'traces, 16 bits, floor', 'traces, 20 bits, floor', 'traces, 24 bits, floor', 'membrane, 4 bits, nearest-even', 'membrane, 5 bits, nearest-even', 'membrane, 6 bits, nearest-even', 'membrane, 7 bits, nearest-even', 'membrane, 8 bits, nearest-even', 'membrane, 9 bits, nearest-even', 'membrane, 10 bits, nearest-even', 'membrane, 12 bits, nearest-even', 'membrane, 14 bits, nearest-even', 'membrane, 16 bits, nearest-even', 'membrane, 20 bits, nearest-even', 'membrane, 24 bits, nearest-even', 'membrane, 4 bits, stochastic', 'membrane, 5 bits, stochastic', 'membrane, 6 bits, stochastic', 'membrane, 7 bits, stochastic', 'membrane, 8 bits, stochastic', 'membrane, 9 bits, stochastic', 'membrane, 10 bits, stochastic', 'membrane, 12 bits, stochastic', 'membrane, 14 bits, stochastic', 'membrane, 16 bits, stochastic', 'membrane, 20 bits, stochastic', 'membrane, 24 bits, stochastic', 'membrane, 4 bits, floor', 'membrane, 5 bits, floor', 'membrane, 6 bits, floor', 'membrane, 7 bits, floor', 'membrane, 8 bits, floor', 'membrane, 9 bits, floor', 'membrane, 10 bits, floor', 'membrane, 12 bits, floor', 'membrane, 14 bits, floor', 'membrane, 16 bits, floor', 'membrane, 20 bits, floor', 'membrane, 24 bits, floor']
array head[7] = ['whole', 'cosine', 'cosine_forced', 'cosine_least', 'cosine_full', 'out_of_range', 'spike_rate']

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

# Where to put the point in a word of 8 and of 16 bits: what leaves the range, and the gradient's direction.
kind(s) = strstrt(s, 'weights') ? 1 : strstrt(s, 'traces') ? 2 : 3
keep(s) = strstrt(s, 'nearest-even') && (strstrt(s, ' 8 bits') || strstrt(s, '16 bits'))
dash(s) = strstrt(s, '16 bits') ? 1 : 2
short(s) = s[1:strstrt(s, 'bits') + 3]
set multiplot
unset key
set lmargin at screen 0.08
set rmargin at screen 0.37
set bmargin at screen 0.13
set tmargin at screen 0.92
set xlabel 'bits before the point, without the sign'
set xrange [-0.3:4.3]
set xtics 0, 1, 4
set title 'Numbers that leave their range'
set ylabel 'part of all numbers written (none: at the bottom)'
set logscale y
set format y '10^{%T}'
set yrange [5e-8:1]
plot for [k=1:|series|] DAT index k-1 using (keep(series[k]) ? $1 : NaN):($6 > 0 ? $6 : 1e-7) with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.8 lw 2
set lmargin at screen 0.445
set rmargin at screen 0.735
set key at screen 0.745, 0.92 left top Left reverse vertical samplen 3 spacing 1.3 noenhanced
set title 'Direction of the gradient (lower is better)'
set ylabel '1 − cosine with the exact gradient'
set yrange [5e-7:2]
plot for [k=1:|series|] DAT index k-1 using (keep(series[k]) ? $1 : NaN):($2 < 1 ? 1 - $2 : 1e-6) with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.8 lw 2 title (keep(series[k]) ? short(series[k]) : '')
unset multiplot
