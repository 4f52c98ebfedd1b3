# gnuplot figures/error_evidence_long.gp   (in the folder of report.html)
NAME = 'error_evidence_long'
W = 960
H = 480
array series[5] = ['bptt', 'eprop1-symmetric', 'eprop1-random', 'eprop1-adaptive', 'eprop1-global']
array seeds[5] = [3, 3, 3, 3, 3]
array head[2] = ['iteration', 'error']

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

x_label = 'iteration'
y_label = 'share of wrong decisions'
set yrange [0:*]

# Learning curves: the median over the seeds, and between the quartiles a band. One colour a rule.
set key outside right top Left reverse vertical samplen 2 spacing 1.2 noenhanced
set style fill transparent solid 0.18 noborder
if (!exists("x_label")) { x_label = head[1] }
if (!exists("y_label")) { y_label = head[2] }
set xlabel x_label
set ylabel y_label
set offsets 0, 0, graph 0.04, graph 0.04
if (exists("y_low")) { set yrange [y_low:*] }
# A series `quoted RULE` is a number of iterations that others published: an upright dashed line in the rule's colour.
quoted(s) = strstrt(s, 'quoted ') == 1
dash_of(s) = quoted(s) ? 2 : 1
rule_of(s) = quoted(s) ? substr(s, 8, strlen(s)) : s
do for [k=1:|series|] {
    if (quoted(series[k])) {
        stats DAT index k-1 using 1 nooutput
        set arrow from first STATS_min, graph 0 to first STATS_min, graph 1 nohead dt 2 lw 1.5 lc rgb rule_colour(rule_of(series[k]), k) front
    }
}
plot for [k=1:|series|] DAT index k-1 using (quoted(series[k]) ? NaN : $1):2:4 with filledcurves lc rgb rule_colour(series[k], k) notitle, \
     for [k=1:|series|] DAT index k-1 using (quoted(series[k]) ? NaN : $1):3 with lines lw 2 dt dash_of(series[k]) \
         lc rgb rule_colour(rule_of(series[k]), k) \
         title (quoted(series[k]) ? series[k] : sprintf('%s (%d seed%s)', series[k], seeds[k], seeds[k] == 1 ? '' : 's'))
