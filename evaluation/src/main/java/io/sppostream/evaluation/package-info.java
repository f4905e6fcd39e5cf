/** Accuracy of a policy on benchmarks: samples, estimators, results files. */
@NullMarked
package io.sppostream.evaluation;

import org.jspecify.annotations.NullMarked;
