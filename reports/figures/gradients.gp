# Gradients of the recurrent weights, entry by entry: BPTT, e-prop 1, and their difference.
set multiplot
set palette defined (-1 '#0072B2', -0.5 '#7fb8d8', 0 '#ffffff', 0.5 '#eaae7f', 1 '#D55E00')
unset grid
unset key
set border 15
set xlabel 'presynaptic neuron i' offset 0, 0.5
set xrange [i0 - 0.5:i0 + cols - 0.5]
set yrange [j0 + rows - 0.5:j0 - 0.5]
set tics out
set bmargin at screen 0.37
set tmargin at screen 0.90
set colorbox horizontal user origin screen 0.075, 0.15 size screen 0.56, 0.035
set format cb '%.2g'
set cblabel 'dE/dW_{ji}, both panels on one scale' offset 0, 0.3
array head[3] = ['BPTT (exact)', 'e-prop 1, symmetric feedback', 'difference']
array left[3] = [0.075, 0.375, 0.715]
do for [k=1:3] {
    set lmargin at screen left[k]
    set rmargin at screen left[k] + 0.26
    set title head[k]
    set ylabel (k == 1 ? 'postsynaptic neuron j' : '')
    span = k < 3 ? span_both : span_diff
    set cbrange [-span:span]
    set cbtics span / 2.0
    if (k == 2) { unset colorbox }
    if (k == 3) {
        set colorbox horizontal user origin screen left[3], 0.145 size screen 0.26, 0.035
        set cblabel 'e-prop 1 − BPTT, its own scale'
    }
    plot DAT index k-1 matrix using ($1 + i0):($2 + j0):3 with image pixels
}
unset multiplot
