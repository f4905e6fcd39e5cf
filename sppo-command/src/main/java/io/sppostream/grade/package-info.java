/** Grades answers without a run, compares verifiers on cases, and reports what the shadows of a run disagree with. */
@NullMarked
package io.sppostream.grade;

import org.jspecify.annotations.NullMarked;
