# Precision that a certified enclosure needs, against the length of the trial and the size of the network.
set multiplot
set bmargin at screen 0.26
set tmargin at screen 0.91
set key at screen 0.02, 0.02 left bottom Left reverse horizontal samplen 2 noenhanced
set ylabel sprintf('bits needed for q = %g proved bits', q)
set offsets graph 0.02, graph 0.18, graph 0.06, 0
set style textbox opaque noborder fc '#ffffff' margins 0.3, 0.1
set xrange [0:*]
set yrange [0:*]
set lmargin at screen 0.085
set rmargin at screen 0.50
alone = "in this run no two cases\ndiffer in this alone"
if (n_steps == 0) { set label 1 alone at graph 0.5, graph 0.5 center; set xrange [0:1]; set yrange [0:1] }
set title 'Longer trials'
set xlabel 'time steps T'
plot for [m=1:|model|] NaN with linespoints lw 2 pt model_marker(model[m], m) lc rgb model_colour(model[m], m) title model[m], \
     for [s=1:n_steps] DAT index s-1 using 1:2 with linespoints lw 2 ps 0.9 pt model_marker(model[of_steps[s]], of_steps[s]) lc rgb model_colour(model[of_steps[s]], of_steps[s]) notitle, \
     for [s=1:n_steps] DAT index s-1 using 1:2:3 with labels left offset 0.8, 0 boxed textcolor rgb model_colour(model[of_steps[s]], of_steps[s]) notitle
unset key
unset ylabel
set lmargin at screen 0.565
set rmargin at screen 0.98
unset label 1
set xrange [0:*]
set yrange [0:*]
if (n_neurons == 0) { set label 1 alone at graph 0.5, graph 0.5 center; set xrange [0:1]; set yrange [0:1] }
set title 'Larger networks'
set xlabel 'recurrent neurons N'
plot NaN notitle, for [s=1:n_neurons] DAT index n_steps+s-1 using 1:2 with linespoints lw 2 ps 0.9 pt model_marker(model[of_neurons[s]], of_neurons[s]) lc rgb model_colour(model[of_neurons[s]], of_neurons[s]), \
     for [s=1:n_neurons] DAT index n_steps+s-1 using 1:2:3 with labels left offset 0.8, 0 boxed textcolor rgb model_colour(model[of_neurons[s]], of_neurons[s])
unset multiplot
