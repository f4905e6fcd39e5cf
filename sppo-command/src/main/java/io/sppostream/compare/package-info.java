/** Compares estimators: runs of several estimators, learning rates and seeds within one budget, side by side. */
@NullMarked
package io.sppostream.compare;

import org.jspecify.annotations.NullMarked;
