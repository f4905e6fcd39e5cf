@NullMarked
package io.sppostream.run;

import org.jspecify.annotations.NullMarked;
