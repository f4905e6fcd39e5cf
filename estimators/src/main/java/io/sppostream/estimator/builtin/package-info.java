/** The built-in estimators, one file each, the arithmetic that several of them share, and the catalogue of them all. */
@NullMarked
package io.sppostream.estimator.builtin;

import org.jspecify.annotations.NullMarked;
