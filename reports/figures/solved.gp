# What was solved against the window's length: points are seeds' medians, bars their quartiles; dashed what others' texts quote.
set key outside right top Left reverse vertical samplen 2 spacing 1.2 noenhanced
set style fill transparent solid 0.12 noborder
if (!exists("x_label")) { x_label = head[1] }
if (!exists("y_label")) { y_label = head[2] }
set logscale x
set xtics (1, 2, 3, 4, 5, 8, 20, 60)
set xlabel x_label
set ylabel y_label
set offsets 0, 0, graph 0.04, 0
stats DAT using 1 nooutput
set xrange [0.85 * STATS_min : 1.18 * STATS_max]
set yrange [0:*]
if (exists("y_low")) { set yrange [y_low:*] }
if (exists("quoted")) {
    set yrange [0:80]
    do for [k=1:words(quoted)] {
        set arrow k from graph 0, first word(quoted, k) to graph 1, first word(quoted, k) nohead dt 2 lc rgb rule_colour(word(quoted_rule, k), k)
        set label k 'quoted: '.word(quoted, k).' ('.word(quoted_rule, k).')' at graph 0.02, first word(quoted, k) offset 0, 0.6 noenhanced \
            textcolor rgb rule_colour(word(quoted_rule, k), k)
    }
}
plot for [k=1:|series|] DAT index k-1 using 1:2:4 with filledcurves lc rgb rule_colour(series[k], k) notitle, \
     for [k=1:|series|] DAT index k-1 using 1:3 with linespoints pt rule_marker(series[k], k) ps 1.1 lw 2 lc rgb rule_colour(series[k], k) \
         title sprintf('%s (%d seed%s)', series[k], seeds[k], seeds[k] == 1 ? '' : 's')
