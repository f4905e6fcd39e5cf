/** CaseGrading of answers outside any run, and of a run's against its shadows. */
@NullMarked
package io.sppostream.grade;

import org.jspecify.annotations.NullMarked;
