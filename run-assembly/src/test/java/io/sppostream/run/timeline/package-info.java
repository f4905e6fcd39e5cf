@NullMarked
package io.sppostream.run.timeline;

import org.jspecify.annotations.NullMarked;
