/** The port of a process: health checks, and metrics for Prometheus. */
@NullMarked
package io.sppostream.observe;

import org.jspecify.annotations.NullMarked;
