# Spikes of both networks in the trial that teaches and of the one that is tested.
set multiplot
unset key
gap = 0.075
top = 0.94
each = (top - 0.09 - (|series| - 1) * gap) / |series|
stats DAT index 0 using 1 nooutput
t_max = STATS_max
set lmargin at screen 0.09
set rmargin at screen 0.985
set format x ""
set xrange [0:t_max + 1]
do for [k=1:|series|] {
    set tmargin at screen top - (k - 1) * (each + gap)
    set bmargin at screen top - (k - 1) * (each + gap) - each
    set title series[k] offset 0, -0.7 noenhanced
    set ylabel 'neuron'
    if (k == |series|) { set format x "%g"; set xlabel 'time step t' offset 0, 0.5 }
    plot DAT index k-1 using 1:2 with points pt 5 ps 0.2 lc rgb colour(k == 2 ? 2 : 1)
}
unset multiplot
