# Learning curves: the median over the seeds, and between the quartiles a band. One colour a rule.
set key outside right top Left reverse vertical samplen 2 spacing 1.2 noenhanced
set style fill transparent solid 0.18 noborder
if (!exists("x_label")) { x_label = head[1] }
if (!exists("y_label")) { y_label = head[2] }
set xlabel x_label
set ylabel y_label
set offsets 0, 0, graph 0.04, graph 0.04
plot for [k=1:|series|] DAT index k-1 using 1:2:4 with filledcurves lc rgb rule_colour(series[k], k) notitle, \
     for [k=1:|series|] DAT index k-1 using 1:3 with lines lw 2 lc rgb rule_colour(series[k], k) \
         title sprintf('%s (%d seed%s)', series[k], seeds[k], seeds[k] == 1 ? '' : 's')
