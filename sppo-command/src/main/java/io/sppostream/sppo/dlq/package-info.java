/** The dead letters of a run: what could not be read or judged, and its way back. */
@NullMarked
package io.sppostream.sppo.dlq;

import org.jspecify.annotations.NullMarked;
