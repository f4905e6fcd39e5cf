@NullMarked
package io.sppostream.secured;

import org.jspecify.annotations.NullMarked;
