# gnuplot figures/eprop2_precision.gp   (in the folder of report.html)
NAME = 'eprop2_precision'
W = 960
H = 480
array model[5] = ['lif/lif', 'alif/lif', 'lsnn/alif', 'rate/rate', 'alif/rate']
bits_max = 1024
some = 1

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

what = 'adjoint − tape'

# Error against precision: BPTT and sum L e agree to one more bit for every bit of precision; a seeded bug does not.
set multiplot
unset key
set xlabel 'precision of the computation p, bits'
set xrange [0:bits_max * 1.03]
if (!exists("what")) { what = 'BPTT − Σ L e' }
set ylabel 'relative difference |'.what.'|'
set format y '2^{%g}'
set yrange [-bits_max * 1.03:bits_max * 0.06]
set lmargin at screen 0.105
set rmargin at screen 0.47
set bmargin at screen 0.14
set tmargin at screen 0.92
set title 'Every bit of precision buys one bit of agreement'
set label 1 'dashed: with a seeded bug' at graph 0.97, graph 0.89 right textcolor rgb '#444444'
set label 2 'grey: one bit per bit, 2^{−p}' at graph 0.05, graph 0.08 left textcolor rgb '#444444'
plot -x with lines lc rgb '#bbbbbb' lw 6, \
     for [m=1:|model|] DAT index m-1 using 1:2 with linespoints lc rgb model_colour(model[m], m) pt model_marker(model[m], m) ps 0.8 lw 2, \
     for [m=1:|model|] DAT index m-1 using 1:4 with linespoints lc rgb model_colour(model[m], m) pt model_marker(model[m], m) ps 0.5 lw 1.5 dt 2
unset label 1
unset label 2
set lmargin at screen 0.56
set rmargin at screen 0.86
set key at screen 0.875, 0.92 left top Left reverse vertical samplen 2 spacing 1.3 noenhanced
set title 'Bits lost on the way (fewer is better)'
set ylabel 'p + log_2 of the difference, bits'
set format y '%g'
set xlabel 'precision p, bits (logarithmic)'
set logscale x 2
set xrange [16:bits_max * 1.2]
set xtics (24, 53, 113, 256, 512, 1024, 2048, 4096)
set yrange [*:*]
if (!some) { set yrange [0:1] }
set offsets 0, 0, graph 0.08, graph 0.08
plot for [m=1:|model|] DAT index m-1 using 1:($1+$2) with linespoints lc rgb model_colour(model[m], m) pt model_marker(model[m], m) ps 0.8 lw 2 title model[m]
unset multiplot
