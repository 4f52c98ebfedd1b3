# gnuplot figures/gradients.gp   (in the folder of report.html)
NAME = 'gradients'
W = 960
H = 480
H = 430
j0 = 0
i0 = 0
rows = 12
cols = 12
span_both = 45.79
span_diff = 16.26

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

# Gradients of the recurrent weights, entry by entry: BPTT, e-prop 1, and their difference.
set multiplot
set palette defined (-1 '#0072B2', -0.5 '#7fb8d8', 0 '#ffffff', 0.5 '#eaae7f', 1 '#D55E00')
unset grid
unset key
set border 15
set xlabel 'presynaptic neuron i' offset 0, 0.5
set xrange [i0 - 0.5:i0 + cols - 0.5]
set yrange [j0 + rows - 0.5:j0 - 0.5]
set tics out
set bmargin at screen 0.37
set tmargin at screen 0.90
set colorbox horizontal user origin screen 0.075, 0.15 size screen 0.56, 0.035
set format cb '%.2g'
set cblabel 'dE/dW_{ji}, both panels on one scale' offset 0, 0.3
array head[3] = ['BPTT (exact)', 'e-prop 1, symmetric feedback', 'difference']
array left[3] = [0.075, 0.375, 0.715]
do for [k=1:3] {
    set lmargin at screen left[k]
    set rmargin at screen left[k] + 0.26
    set title head[k]
    set ylabel (k == 1 ? 'postsynaptic neuron j' : '')
    span = k < 3 ? span_both : span_diff
    set cbrange [-span:span]
    set cbtics span / 2.0
    if (k == 2) { unset colorbox }
    if (k == 3) {
        set colorbox horizontal user origin screen left[3], 0.145 size screen 0.26, 0.035
        set cblabel 'e-prop 1 − BPTT, its own scale'
    }
    plot DAT index k-1 matrix using ($1 + i0):($2 + j0):3 with image pixels
}
unset multiplot
