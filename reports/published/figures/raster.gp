# gnuplot figures/raster.gp   (in the folder of report.html)
NAME = 'raster'
W = 960
H = 480
H = 760
n_focus = 3
t_max = 100
j_max = 5
array focus[3] = ['1', '3', '5']

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

# One trial: spikes, and for the busiest neurons membrane, pseudo-derivative, eligibility trace and learning signal.
set multiplot
LM = 0.115; RM = 0.985
top = 0.945; gap = 0.012; each = (top - 0.075 - 4 * gap) / 5
panel_top(k) = top - (k - 1) * (each + gap)
set lmargin at screen LM
set rmargin at screen RM
set xrange [0:t_max + 1]
set format x ''
set key at screen RM, 0.995 right top Left reverse horizontal samplen 1.5 noenhanced
set tmargin at screen panel_top(1)
set bmargin at screen panel_top(1) - each
set ylabel 'neuron j' offset screen 0.0, 0
set yrange [-0.7:j_max + 0.7]
set ytics 0, (j_max > 8 ? ceil(j_max / 4) : (j_max > 3 ? 2 : 1))
tint(c) = c < 1 ? 0x999999 : colour(int(c))
plot DAT index 0 using 1:2:(tint($3)) with points pt 5 ps 0.45 lc rgb variable notitle, \
     for [m=1:n_focus] NaN with lines lw 3 lc rgb colour(m) title 'neuron '.focus[m]
unset key
set yrange [*:*]
set autoscale yfix
set ytics autofreq
set offsets 0, 0, graph 0.06, graph 0.06
set xzeroaxis lc rgb '#999999' lw 1
array what[4] = ['membrane v', 'ψ = dz/dv', 'trace e', 'signal L']
do for [p=1:4] {
    set tmargin at screen panel_top(p + 1)
    set bmargin at screen panel_top(p + 1) - each
    set ylabel what[p]
    set format y '%.2g'
    if (p == 4) { set format x '%g'; set xlabel 'time step t' offset 0, 0.7 }
    plot for [m=1:n_focus] DAT index m using 1:(column(p + 1)) with lines lw 1.6 lc rgb colour(m)
}
unset multiplot
