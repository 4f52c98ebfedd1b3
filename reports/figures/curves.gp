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
