# gnuplot figures/certified.gp   (in the folder of report.html)
NAME = 'certified'
W = 960
H = 480
array model[4] = ['alif', 'lif', 'lstm', 'rate']
q = 53
n_steps = 5
array of_steps[5] = [1, 1, 2, 3, 4]
n_neurons = 5
array of_neurons[5] = [1, 1, 1, 1, 3]

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

# Precision that a certified enclosure needs, against the length of the trial and the size of the network.
set multiplot
set bmargin at screen 0.26
set tmargin at screen 0.91
set key at screen 0.02, 0.02 left bottom Left reverse horizontal samplen 2 noenhanced
set ylabel sprintf('bits needed for q = %g proved bits', q)
set offsets graph 0.02, graph 0.18, graph 0.06, 0
set style textbox opaque noborder fc '#ffffff' margins 0.3, 0.1
set xrange [0:*]
set yrange [0:*]
set lmargin at screen 0.085
set rmargin at screen 0.50
alone = "in this run no two cases\ndiffer in this alone"
if (n_steps == 0) { set label 1 alone at graph 0.5, graph 0.5 center; set xrange [0:1]; set yrange [0:1] }
set title 'Longer trials'
set xlabel 'time steps T'
plot for [m=1:|model|] NaN with linespoints lw 2 pt model_marker(model[m], m) lc rgb model_colour(model[m], m) title model[m], \
     for [s=1:n_steps] DAT index s-1 using 1:2 with linespoints lw 2 ps 0.9 pt model_marker(model[of_steps[s]], of_steps[s]) lc rgb model_colour(model[of_steps[s]], of_steps[s]) notitle, \
     for [s=1:n_steps] DAT index s-1 using 1:2:3 with labels left offset 0.8, 0 boxed textcolor rgb model_colour(model[of_steps[s]], of_steps[s]) notitle
unset key
unset ylabel
set lmargin at screen 0.565
set rmargin at screen 0.98
unset label 1
set xrange [0:*]
set yrange [0:*]
if (n_neurons == 0) { set label 1 alone at graph 0.5, graph 0.5 center; set xrange [0:1]; set yrange [0:1] }
set title 'Larger networks'
set xlabel 'recurrent neurons N'
plot NaN notitle, for [s=1:n_neurons] DAT index n_steps+s-1 using 1:2 with linespoints lw 2 ps 0.9 pt model_marker(model[of_neurons[s]], of_neurons[s]) lc rgb model_colour(model[of_neurons[s]], of_neurons[s]), \
     for [s=1:n_neurons] DAT index n_steps+s-1 using 1:2:3 with labels left offset 0.8, 0 boxed textcolor rgb model_colour(model[of_neurons[s]], of_neurons[s])
unset multiplot
