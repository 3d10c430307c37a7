"""The addresses of the site: both apps, the desk, and what machines ask for."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path
from django.utils.translation import pgettext_lazy
from django.views.i18n import set_language

from articles import sitemaps
from clinic import vcard, views

practice_patterns = (
    [
        path(
            pgettext_lazy("address", "contact/"),
            views.Contact.as_view(),
            name="contact",
        ),
        path(
            pgettext_lazy("address", "contact/email/<int:pk>/"),
            views.email,
            name="email",
        ),
        path(
            pgettext_lazy("address", "contact/practice.vcf"),
            views.PracticeCard.as_view(),
            name="card",
        ),
        path(
            pgettext_lazy("address", "contact/practice-4.vcf"),
            views.PracticeCard.as_view(write=vcard.vcard4),
            name="card4",
        ),
        path(
            pgettext_lazy("address", "contact/practice.svg"),
            views.PracticeQR.as_view(),
            name="qr",
        ),
        path(
            pgettext_lazy("address", "contact/practice.json"),
            views.Facts.as_view(),
            name="facts",
        ),
        path(
            pgettext_lazy("address", "contact/fhir.json"),
            views.FHIR.as_view(),
            name="fhir",
        ),
        path(pgettext_lazy("address", "legal/"), views.Legal.as_view(), name="legal"),
        path(
            pgettext_lazy("address", "doctors/<slug:slug>/"),
            views.DoctorDetail.as_view(),
            name="doctor",
        ),
        path(
            pgettext_lazy("address", "doctors/<slug:slug>/card.vcf"),
            views.DoctorCard.as_view(),
            name="doctor_card",
        ),
        path(
            pgettext_lazy("address", "doctors/<slug:slug>/card-4.vcf"),
            views.DoctorCard.as_view(write=vcard.vcard4),
            name="doctor_card4",
        ),
        path(
            pgettext_lazy("address", "doctors/<slug:slug>/card.svg"),
            views.DoctorQR.as_view(),
            name="doctor_qr",
        ),
    ],
    "clinic",
)

urlpatterns = [
    path("admin/language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("healthz", views.health, name="health"),
    path("readyz", views.ready, name="ready"),
    path("robots.txt", views.robots, name="robots"),
    # Where phones look for it by themselves: no page needs a line for it.
    path("apple-touch-icon.png", views.touch_icon, name="touch_icon"),
    path(".well-known/security.txt", views.SecurityText.as_view(), name="security"),
    path("sitemap.xml", sitemaps.Sitemap.as_view(), name="sitemap"),
    path("sitemap-pages.xml", sitemaps.Pages.as_view(), name="sitemap_pages"),
    re_path(
        r"^sitemap-articles-(?P<part>0|[1-9][0-9]{0,12})\.xml$",
        sitemaps.Articles.as_view(),
        name="sitemap_articles",
    ),
    re_path(
        r"^media/pictures/(?P<key>[0-9a-f]{32})/(?P<width>[0-9]{2,4})"
        r"\.(?P<extension>avif|jpg|png)$",
        views.picture,
        name="picture",
    ),
    *i18n_patterns(
        path("", include(practice_patterns)),
        path("", include("articles.urls")),
        prefix_default_language=False,
    ),
]

handler400 = "clinic.views.bad_request"
handler403 = "clinic.views.forbidden"
handler404 = "articles.addresses.not_found"
handler500 = "clinic.views.server_error"
