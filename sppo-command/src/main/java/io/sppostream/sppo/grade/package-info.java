/** Grading of answers outside any run. */
@NullMarked
package io.sppostream.sppo.grade;

import org.jspecify.annotations.NullMarked;
