# cross_class.awk: how far two machines' runs of float_device agree: awk -f cross_class.awk REFERENCE OTHER
#   exact     every bit of every network
#   flushed   every bit, but in the network that decays through the subnormal numbers, of which the other has fewer
#   rounding  the same spikes, gradients by the same spikes within 1e-4 of the largest
#   differs   anything else; incomplete: the run did not end
# SPDX-License-Identifier: MIT
$1 == "case" && FNR == NR { all[$2] = $4; spikes[$2] = $6; live[$2] = $8; tiny[$2] = $10; n++ }
$1 == "g" && FNR == NR { g[$2, $3] = $4; size = $4 < 0 ? -$4 : $4; if (size > top[$2]) top[$2] = size }
FNR == NR { if ($1 == "end") whole++; next }
$1 == "case" {
    m++
    if (live[$2] + 0 == 0) dead = 1
    if ($4 != all[$2]) { if ($10 < tiny[$2]) flushed++; else bits++ }
    if ($6 != spikes[$2]) flips++
}
$1 == "g" { off = $4 - g[$2, $3]; if (off < 0) off = -off; if (top[$2] > 0 && off / top[$2] > worst) worst = off / top[$2] }
$1 == "end" { whole++ }
END {
    if (whole != 2 || n != m || n == 0 || dead) print "incomplete"
    else if (!bits && !flushed) print "exact"
    else if (!bits && !flips) print "flushed"
    else if (!flips && worst <= 1e-4) printf "rounding %.1e\n", worst
    else printf "differs %d %.1e\n", flips, worst
}
