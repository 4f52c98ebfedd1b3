# gnuplot figures/scaling.gp   (in the folder of report.html)
NAME = 'scaling'
W = 960
H = 480
array series[6] = ['e-prop, ALIF', 'BPTT, ALIF', 'e-prop by chunks, ALIF', 'LSTM BPTT', 'LSTM e-prop', 'reference BPTT']
array head[8] = ['axis', 'size', 'seconds', 'low', 'high', 'peak_mb', 'error', 'flips']

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

# Time of one gradient against one size at a time, both logarithmic; one panel a size.
# Columns of each block: axis, size, seconds, low, high, ...
array panel[5] = ['N', 'T', 'batch', 'rate, %', 'bits']
array x_name[5] = ['neurons N', 'steps T', 'trials side by side', 'firing rate, % a step', 'precision, bits']
H = 720
if (!exists("png") && !exists("pdf")) { set terminal svg size W, H enhanced font 'Helvetica,Arial,sans-serif,14' background '#ffffff' }
if (exists("png")) { set terminal pngcairo size W, H enhanced font 'DejaVu Sans,11' background '#ffffff' }
if (exists("pdf")) { set terminal pdfcairo size W/96.0, H/96.0 enhanced font 'DejaVu Sans,9' background '#ffffff' }
# The colour is the learning rule's; the dash says of what.
own_colour(s) = strstrt(s, 'BPTT') ? rule_colour('bptt', 1) : rule_colour('eprop1-symmetric', 2)
own_dash(s) = strstrt(s, 'LSTM') ? 2 : strstrt(s, 'reference') ? 3 : strstrt(s, 'chunks') ? 4 : 1
mine(p) = strcol(1) eq panel[p]
set multiplot layout 2, 3 margins screen 0.075, 0.985, 0.085, 0.95 spacing screen 0.075, 0.13
set logscale xy
set format y '10^{%T}'
unset key
set offsets graph 0.05, graph 0.05, 0, 0
do for [p=1:5] {
    set xlabel x_name[p] offset 0, 0.4
    set ylabel (p == 1 || p == 4 ? 'time of one gradient, ms' : '') offset 1, 0
    if (p == 5) { set ylabel 'reference, ms' }
    plot for [k=1:|series|] DAT index k-1 using (mine(p) ? $2 : NaN):(mine(p) ? 1000*$3 : NaN):(mine(p) ? 1000*$4 : NaN):(mine(p) ? 1000*$5 : NaN) with yerrorbars lc rgb own_colour(series[k]) pt marker(k) ps 0.6 notitle, \
         for [k=1:|series|] DAT index k-1 using (mine(p) ? $2 : NaN):(mine(p) ? 1000*$3 : NaN) with lines lw 2 dt own_dash(series[k]) lc rgb own_colour(series[k]) notitle
}
unset logscale
unset border
unset tics
unset grid
unset xlabel
unset ylabel
set key center center Left reverse vertical samplen 3 spacing 1.4 noenhanced
set xrange [0:1]
set yrange [0:1]
plot for [k=1:|series|] NaN with linespoints lw 2 dt own_dash(series[k]) lc rgb own_colour(series[k]) pt marker(k) ps 0.8 title series[k]
unset multiplot
