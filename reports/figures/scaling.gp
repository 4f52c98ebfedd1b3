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
