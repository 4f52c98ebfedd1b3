# The path of a two-joint arm's hand: the target, before learning, after one trial.
set key outside right top Left reverse vertical samplen 2 spacing 1.2 noenhanced
set size ratio -1
set xlabel 'x, m'
set ylabel 'y, m'
set offsets graph 0.1, graph 0.1, graph 0.1, graph 0.1
target(s) = s eq 'target'
plot for [k=1:|series|] DAT index k-1 using 2:3 with lines lw (target(series[k]) ? 5 : 2) \
         lc rgb (target(series[k]) ? 0xbbbbbb : colour(k - 1)) title series[k], \
     DAT index 0 using 2:3 every ::0::0 with points pt 7 ps 1.2 lc rgb '#444444' title 'start'
