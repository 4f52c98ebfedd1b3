# gnuplot figures/omniglot_unseen.gp   (in the folder of report.html)
NAME = 'omniglot_unseen'
W = 960
H = 480
array series[7] = ['no update', 'e-prop 2', 'e-prop 1, symmetric', 'e-prop 1, random', 'one BPTT step', 'nearest pixels', 'chance']
array head[7] = ['set', 'episodes', 'eta', 'error', 'loss', 'share', 'iterations']

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

# Share of right answers by way; one bar, or two where the official runs were asked too. The way that was learnt is coloured.
set style fill solid 1 noborder
unset key
set yrange [0:100]
set xrange [-0.6:|series| - 0.4]
set ylabel 'right answers, %'
set xtics ('' 0) scale 0 rotate by 28 right
do for [k=1:|series|] { set xtics add (series[k] k - 1) }
stats DAT index 0 using 4 nooutput
two = STATS_records > 1
off = two ? 0.2 : 0
set boxwidth two ? 0.38 : 0.7
learnt(s) = s eq 'e-prop 2'
plot for [k=1:|series|] DAT index k-1 every ::0::0 using (k - 1 - off):(100 * (1 - $4)) with boxes lc rgb (learnt(series[k]) ? 0x0072B2 : 0x9a9a9a) notitle, \
     for [k=1:two ? |series| : 0] DAT index k-1 every ::1::1 using (k - 1 + off):(100 * (1 - $4)) with boxes lc rgb (learnt(series[k]) ? 0x56B4E9 : 0xcfcfcf) notitle, \
     for [k=1:|series|] DAT index k-1 every ::0::0 using (k - 1 - off):(100 * (1 - $4)):(sprintf('%.0f', 100 * (1 - $4))) with labels offset 0, 0.6 font ',10' notitle, \
     for [k=1:two ? |series| : 0] DAT index k-1 every ::1::1 using (k - 1 + off):(100 * (1 - $4)):(sprintf('%.0f', 100 * (1 - $4))) with labels offset 0, 0.6 font ',10' notitle
