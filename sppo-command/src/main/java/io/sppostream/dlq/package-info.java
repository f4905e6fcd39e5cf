/** The dead letters of a run: what could not be read or judged, and its way back. */
@NullMarked
package io.sppostream.dlq;

import org.jspecify.annotations.NullMarked;
