# What a readout was asked for, and what networks trained by each rule give.
set key outside right top Left reverse vertical samplen 2 spacing 1.2 noenhanced
if (!exists("y_label")) { y_label = 'output' }
set xlabel 'time step t (1 ms)'
set ylabel y_label
set offsets 0, 0, graph 0.04, graph 0.04
plot for [k=1:|series|] DAT index k-1 using 1:2 with lines \
         lw (series[k] eq 'target' ? 3 : 1.5) lc rgb (series[k] eq 'target' ? 0x999999 : rule_colour(series[k], k)) title series[k]
