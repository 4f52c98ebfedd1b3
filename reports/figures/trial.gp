# One trial of copy-repeat from the top: input, target, output; a column a step, dark is 1.
set multiplot layout |series|, 1 margins 0.1, 0.98, 0.12, 0.95 spacing 0, 0.05
set palette gray negative
unset colorbox
unset grid
set cbrange [0:1]
set yrange [*:*] reverse
set autoscale fix
set ytics 0, 2 scale 0
set format x ''
do for [k=1:|series|] {
    if (k == |series|) { set format x '%g'; set xlabel 'time step t' }
    set ylabel series[k]
    plot DAT index k-1 using 1:2:3 with image notitle
}
unset multiplot
